// The environment: what it may say, when it is asked, and what a malformed variable does.

import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { CleanupScanner, cleanup, run } from '../index.js'
import config from '../lib/config.js'
import helper from '../lib/mcp-helper.js'
import { outcomeOf } from './support/program.mjs'

const { callToolAsync, createMcpHelper, getSemaphoreStatus, listToolsAsync } = helper

const COUNT = 'a whole number from 1 to 4294967295'
const TIME = 'a whole number of milliseconds from 1 to 2147483647'
const SCOPE = "one of 'tracked', 'tree', 'machine'"

/** Values that are not a number of at least one. */
const NO_NUMBERS = [
  ...['abc', '0', '00', '-0', '-1', '+5', 'NaN', 'Infinity', 'null', 'undefined', 'true'],
  ...[
    '1.5',
    '5.0',
    '.5',
    '5.',
    '1e3',
    '0x10',
    '0b1',
    '5n',
    '5ms',
    '60s',
    '1 000',
    '1,000',
    '1_000',
    '５',
    '5;',
    '"5"',
  ],
  ...[' ', '\t', '\n', '99999999999999999999', '4294967296'],
]

const scanner = () => new CleanupScanner().getStats()

/** @type {[variable: string, expected: string, values: string[], ask: () => unknown][]} */
const VARIABLES = [
  ['CLEANUP_INTERVAL', TIME, [...NO_NUMBERS, '2147483648'], scanner],
  ['PROCESS_MAX_AGE', TIME, [...NO_NUMBERS, '2147483648'], scanner],
  [
    'CLEANUP_SCOPE',
    SCOPE,
    ['abc', 'TREE', ' tree', 'tree,machine', 'all-node', ' ', '0', '1e3'],
    scanner,
  ],
  ['MCP_MAX_CONCURRENT', COUNT, NO_NUMBERS, () => createMcpHelper()],
  ['MCPORTER_CALL_TIMEOUT', TIME, [...NO_NUMBERS, '2147483648'], () => createMcpHelper()],
  ['MCPORTER_LIST_TIMEOUT', TIME, [...NO_NUMBERS, '2147483648'], () => createMcpHelper()],
]

const DEFAULTS = { interval: 60_000, maxAge: 300_000, scope: 'tree' }

beforeEach(() => {
  for (const [variable] of VARIABLES) delete process.env[variable]
})

function settings(of = new CleanupScanner()) {
  const { interval, maxAge, scope } = of.getStats()
  return { interval, maxAge, scope }
}

for (const [variable, expected, values, ask] of VARIABLES)
  describe(variable, () => {
    for (const value of values)
      test(`${JSON.stringify(value)} is refused, by name and value`, () => {
        process.env[variable] = value
        assert.throws(ask, ({ code, message }) => {
          assert.equal(code, 'ERR_INVALID_CONFIG')
          assert.ok(message.startsWith(`${variable} must be ${expected}, got `), message)
          const got = message
            .slice(message.indexOf(', got '))
            .replaceAll('\\n', '\n')
            .replaceAll('\\t', '\t')
          assert.ok(got.includes(value), `${message} tells the value`)
          return true
        })
        delete process.env[variable]
        ask()
      })

    test('empty is unset', () => {
      process.env[variable] = ''
      ask()
      assert.deepEqual(settings(), DEFAULTS)
      assert.equal(createMcpHelper().getSemaphoreStatus().maxConcurrent, 3)
    })
  })

describe('every use of a scanner refuses a malformed variable until it is repaired', () => {
  for (const [variable, value] of Object.entries({
    CLEANUP_INTERVAL: '0',
    PROCESS_MAX_AGE: '-1',
    CLEANUP_SCOPE: 'all',
  }))
    test(variable, async () => {
      const fresh = new CleanupScanner()
      process.env[variable] = value
      const refused = {
        code: 'ERR_INVALID_CONFIG',
        message: new RegExp(`^${variable} must be .*, got '?${value}'?$`),
      }
      const unheard = variable === 'CLEANUP_INTERVAL' ? { maxAge: 5 } : { interval: 5 }
      assert.throws(() => fresh.start(unheard), refused)
      assert.throws(() => fresh.getStats(), refused)
      await assert.rejects(fresh.cleanupAll({ dryRun: true }), refused)
      fresh.stop()
      assert.equal((await run(process.execPath, ['--print', '1'])).stdout, '1\n')
      delete process.env[variable]
      assert.deepEqual(settings(fresh), DEFAULTS)
      fresh.start()
      assert.equal(fresh.getStats().isRunning, true)
      fresh.stop()
    })
})

test('the default MCP helper refuses a malformed variable until it is repaired', async () => {
  process.env.MCP_MAX_CONCURRENT = 'abc'
  const refused = {
    code: 'ERR_INVALID_CONFIG',
    message: `MCP_MAX_CONCURRENT must be ${COUNT}, got 'abc'`,
  }
  assert.throws(getSemaphoreStatus, refused)
  await assert.rejects(callToolAsync('server', 'tool'), refused)
  await assert.rejects(listToolsAsync('server'), refused)
  process.env.MCP_MAX_CONCURRENT = '5'
  assert.deepEqual(getSemaphoreStatus(), { maxConcurrent: 5, current: 0, queued: 0, available: 5 })
})

describe('the environment sets defaults', () => {
  test('of later scanners, and options take precedence', () => {
    Object.assign(process.env, {
      CLEANUP_INTERVAL: '30000',
      PROCESS_MAX_AGE: '180000',
      CLEANUP_SCOPE: 'tracked',
    })
    const expected = { interval: 30_000, maxAge: 180_000, scope: 'tracked' }
    assert.deepEqual(settings(), expected)
    assert.deepEqual(settings(new CleanupScanner({ maxAge: 5, scope: 'tree' })), {
      ...expected,
      maxAge: 5,
      scope: 'tree',
    })
  })

  test('of later MCP helpers, and options take precedence', () => {
    process.env.MCP_MAX_CONCURRENT = '7'
    assert.equal(createMcpHelper().getSemaphoreStatus().maxConcurrent, 7)
    assert.equal(createMcpHelper({ maxConcurrent: 2 }).getSemaphoreStatus().maxConcurrent, 2)
  })

  test('up to the limits of each variable', () => {
    for (const time of ['1', '2147483647']) {
      Object.assign(process.env, { CLEANUP_INTERVAL: time, PROCESS_MAX_AGE: time })
      assert.deepEqual(settings(), { ...DEFAULTS, interval: Number(time), maxAge: Number(time) })
    }
    for (const count of ['1', '4294967295']) {
      process.env.MCP_MAX_CONCURRENT = count
      assert.equal(createMcpHelper().getSemaphoreStatus().maxConcurrent, Number(count))
    }
  })

  test('when they are needed, not when the package is loaded', async () => {
    const program = `
      process.env.CLEANUP_INTERVAL = 'abc'
      process.env.MCP_MAX_CONCURRENT = 'abc'
      const { cleanup } = await import('procward')
      const { getSemaphoreStatus } = await import('procward/mcp-helper')
      await import('procward/health')
      process.env.CLEANUP_INTERVAL = '1234'
      process.env.MCP_MAX_CONCURRENT = '5'
      console.log(cleanup.getStats().interval, getSemaphoreStatus().maxConcurrent)`
    assert.deepEqual(await outcomeOf(program), {
      code: 0,
      signal: null,
      stdout: '1234 5',
      stderr: '',
    })
  })

  test('of the singleton at its start', () => {
    process.env.PROCESS_MAX_AGE = '4321'
    cleanup.start({ interval: 3_600_000 })
    assert.equal(cleanup.getStats().maxAge, 4321)
    cleanup.stop()
  })
})

describe('proxies are found as by Node.js', () => {
  const [http, https] = ['http://one:3128', 'http://two:3128']
  const on = { NODE_USE_ENV_PROXY: '1' }
  /** @type {[Record<string, string>, string[], object | undefined][]} */
  const cases = [
    [{ HTTP_PROXY: http }, [], undefined],
    [{ HTTP_PROXY: http, NODE_USE_ENV_PROXY: 'true' }, [], undefined],
    [{ HTTP_PROXY: http, ...on }, [], { http, https: undefined, noProxy: '' }],
    [{ HTTP_PROXY: http, ...on }, ['--no-use-env-proxy'], undefined],
    [{ HTTP_PROXY: http }, ['--use-env-proxy'], { http, https: undefined, noProxy: '' }],
    [
      { HTTP_PROXY: http },
      ['--use_env_proxy', '--no-warnings'],
      { http, https: undefined, noProxy: '' },
    ],
    [
      { HTTP_PROXY: http, NODE_OPTIONS: '--no-warnings --use-env-proxy' },
      [],
      { http, https: undefined, noProxy: '' },
    ],
    [{ HTTP_PROXY: http, NODE_OPTIONS: '--use-env-proxy' }, ['--no-use-env-proxy'], undefined],
    [on, [], { http: undefined, https: undefined, noProxy: '' }],
    [
      { ...on, http_proxy: http, HTTP_PROXY: 'x', https_proxy: https, HTTPS_PROXY: 'x' },
      [],
      { http, https, noProxy: '' },
    ],
    [
      { ...on, http_proxy: '', HTTP_PROXY: http },
      [],
      { http: undefined, https: undefined, noProxy: '' },
    ],
    [
      { ...on, NO_PROXY: 'a,b', no_proxy: 'c' },
      [],
      { http: undefined, https: undefined, noProxy: 'c' },
    ],
  ]
  const names = [...new Set(cases.flatMap(([variables]) => Object.keys(variables)))]

  for (const [variables, options, expected] of cases)
    test(`${Object.keys(variables).join(' ')} ${options.join(' ')}`.trim(), (t) => {
      const { execArgv } = process
      const before = names.map((name) => /** @type {const} */ ([name, process.env[name]]))
      t.after(() => {
        process.execArgv = execArgv
        for (const [name, value] of before) {
          if (value === undefined) delete process.env[name]
          else process.env[name] = value
        }
      })
      for (const name of names) delete process.env[name]
      Object.assign(process.env, variables)
      process.execArgv = options
      assert.deepEqual(config.proxies(), expected)
    })
})
