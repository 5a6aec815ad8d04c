// What a pool takes, and what it refuses before anything is started.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { McpPool } from '../index.js'
import { hostileServer, said } from './support/hostile.mjs'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'

afterEach(assertNothingLeft)

const COUNTS = [0, -1, 1.5, NaN, Infinity, '3', null, {}]
const TIMES = [-1, NaN, '5', null, {}]
const BAD = {
  servers: [null, [], 'x', 5, { it: null }, { it: 5 }, { it: { commnad: 'x' } }],
  configPath: [5, null, {}],
  maxSessions: COUNTS,
  maxStarting: COUNTS,
  callTimeout: [0, ...TIMES],
  listTimeout: [0, ...TIMES],
  maxInFlight: COUNTS,
  instances: COUNTS,
  maxUses: COUNTS,
  maxLifetime: [0, ...TIMES],
  minWarm: [-1, 1.5, NaN, '1', null],
  idleTimeout: TIMES,
  startTimeout: [0, ...TIMES],
  killGrace: TIMES,
  maxBuffer: [0, -1, 1.5, NaN, Infinity, '3', null],
}
const BAD_SERVER = {
  command: ['', 5, null, ['node']],
  args: ['x', {}, null, [5], [null]],
  cwd: ['', 5, null],
  env: ['x', 5, null, [], { A: 5 }, { A: null }, { '': 'x' }, { 'A=B': 'x' }],
  url: ['', 'x', 'ftp://x', 5, null],
  headers: ['x', 5, null, { 'a b': 'x' }, { a: 5 }, { a: 'x\ny' }, { a: '\u2026' }, { '': 'x' }],
  protocol: ['', 'x', '2025-06-18', 5, null],
}

const NULL_BYTES = {
  command: ['a\0b'],
  args: [['a', 'hush\0']],
  cwd: ['/\0'],
  env: [{ A: 'hush\0' }, { 'A\0': 'hush' }],
  url: ['http://it/\0hush'],
  headers: [{ a: 'hush\0' }, { 'a\0': 'hush' }],
}

/** @param {object} options @param {RegExp} message @param {string} [code] */
function refuses(options, message, code = 'ERR_INVALID_CONFIG') {
  assert.throws(
    () => new McpPool(options),
    (error) => {
      assert.equal(error.code, code)
      assert.match(error.message, message)
      assert.ok(!error.message.includes('hush'))
      return true
    },
  )
}

describe('options that are refused', () => {
  for (const [name, values] of Object.entries(BAD))
    test(name, () => {
      for (const value of values) refuses({ servers: {}, [name]: value }, new RegExp(name))
    })
  for (const [name, values] of Object.entries(BAD_SERVER))
    test(`${name} of a server`, () => {
      for (const value of values)
        refuses({ servers: { it: { [name]: value } } }, new RegExp(`it\\.${name}`))
    })
  for (const [name, values] of Object.entries(NULL_BYTES))
    test(`${name} of a server with a null byte`, () => {
      for (const value of values)
        refuses(
          { servers: { it: { [name]: value } } },
          new RegExp(`it\\.${name}.* null byte`),
          'ERR_INVALID_ARG_VALUE',
        )
    })
  test('a name of a server, and a path, with a null byte', () => {
    refuses({ servers: { 'a\0': { command: 'x' } } }, /servers .*null/, 'ERR_INVALID_ARG_VALUE')
    refuses({ configPath: 'a\0' }, /^configPath .*null/, 'ERR_INVALID_ARG_VALUE')
  })
  test('no error contains a value of a server, because it may be a secret', () => {
    for (const server of [
      { command: 'x', args: ['hush\0'] },
      { command: 'x', env: { A: 'hush\0' } },
      { command: 'x', env: { 'A=hush': '' } },
      { url: 'hush' },
      { url: 'http://x/', headers: { a: 'hush\n.' } },
      { url: 'http://hush/', command: 'x' },
    ]) {
      assert.throws(
        () => new McpPool({ servers: { it: server } }),
        ({ code, message }) =>
          /^ERR_INVALID_/.test(code) && /it/.test(message) && !message.includes('hush'),
      )
    }
  })
  test('an unknown option, a command beside a url, a malformed size in the environment', (t) => {
    refuses({ maxSession: 5 }, /maxSession/)
    refuses({ servers: { it: { command: 'x', url: 'http://x' } } }, /command or a url/)
    process.env.PROCESS_POOL_SIZE = 'many'
    t.after(() => delete process.env.PROCESS_POOL_SIZE)
    refuses({ servers: {} }, /PROCESS_POOL_SIZE.*many/)
  })
})

describe('calls that are refused', { skip: noProcessList }, () => {
  const pool = new McpPool({ servers: { it: hostileServer() } })
  const cyclic = {}
  cyclic.itself = cyclic
  for (const [name, call, code] of [
    ['a server that is no string', () => pool.callTool(5, 'echo'), 'ERR_INVALID_ARG_TYPE'],
    ['a server without a name', () => pool.callTool('', 'echo'), 'ERR_INVALID_ARG_VALUE'],
    ['a tool that is no string', () => pool.callTool('it', undefined), 'ERR_INVALID_ARG_TYPE'],
    ['a tool without a name', () => pool.callTool('it', ''), 'ERR_INVALID_ARG_VALUE'],
    ['arguments in a string', () => pool.callTool('it', 'echo', '{}'), 'ERR_INVALID_ARG_TYPE'],
    ['arguments in a list', () => pool.callTool('it', 'echo', []), 'ERR_INVALID_ARG_TYPE'],
    ['arguments that are null', () => pool.callTool('it', 'echo', null), 'ERR_INVALID_ARG_TYPE'],
    ['a cycle', () => pool.callTool('it', 'echo', cyclic), 'ERR_INVALID_ARG_TYPE'],
    ['a function', () => pool.callTool('it', 'echo', { f() {} }), 'ERR_INVALID_ARG_TYPE'],
    ['a BigInt', () => pool.callTool('it', 'echo', { n: 1n }), 'ERR_INVALID_ARG_TYPE'],
    [
      'an option that there is not',
      () => pool.callTool('it', 'echo', {}, { timout: 5 }),
      'ERR_INVALID_CONFIG',
    ],
    ['no timeout', () => pool.callTool('it', 'echo', {}, { timeout: 0 }), 'ERR_INVALID_CONFIG'],
    ['no signal', () => pool.callTool('it', 'echo', {}, { signal: {} }), 'ERR_INVALID_CONFIG'],
    ['no listener', () => pool.callTool('it', 'echo', {}, { onProgress: 5 }), 'ERR_INVALID_CONFIG'],
    [
      'a listener for a list',
      () => pool.listTools('it', { onProgress() {} }),
      'ERR_INVALID_CONFIG',
    ],
  ])
    test(name, async () => {
      await assert.rejects(call(), { code })
      assert.deepEqual(pool.getStatus().sessions, [], 'nothing was started')
    })

  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'IT', ' it'])
    test(`an unknown server: ${name}`, () =>
      assert.rejects(pool.callTool(name, 'echo'), {
        code: 'ERR_UNKNOWN_SERVER',
        available: ['it'],
      }))
})

describe('names that are special in JavaScript', { skip: noProcessList }, () => {
  test('are valid names of servers', async () => {
    const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf']
    const servers = Object.fromEntries(
      names.map((name) => [name, { ...hostileServer(), env: { NAME: name } }]),
    )
    const pool = new McpPool({ servers })
    const pids = await Promise.all(names.map((name) => pool.callTool(name, 'pid')))
    assert.equal(new Set(pids.map(said)).size, 4)
    await pool.close()
  })

  test('except one, which is refused', () => {
    refuses(
      { servers: JSON.parse(`{"__proto__":${JSON.stringify(hostileServer())}}`) },
      /__proto__/,
    )
  })

  test('are valid arguments', async () => {
    const pool = new McpPool({ servers: { it: hostileServer() } })
    const text = '\u2028 \u{1f600} "quoted" \\ \0 \ud800'
    assert.equal(said(await pool.callTool('it', 'echo', { text })), text)
    assert.equal(said(await pool.callTool('it', 'constructor')), 'no tool constructor')
    await pool.close()
  })
})
