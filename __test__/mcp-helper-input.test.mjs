import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { temporaryFolder } from './fixtures/mcp-servers.mjs'

const folder = temporaryFolder()
// Whatever gets past the checks fails for another reason: there is no mcporter at this place.
const helper = createMcpHelper({ mcporterBin: join(folder, 'mcporter') })
after(() => helper.shutdown())

const NO_COUNTS = ['3', null, Number.NaN, -1, 0, 1.5, 2 ** 40, 1n, {}, []]
const NO_TIMES = [...NO_COUNTS, 2 ** 31]
const NO_TEXTS = ['', 5, null, {}]
const BAD_OPTIONS = {
  maxConcurrent: [...NO_COUNTS, Infinity],
  queueTimeout: NO_TIMES,
  maxQueue: NO_COUNTS.filter((value) => value !== 0),
  callTimeout: [...NO_TIMES, Infinity],
  listTimeout: [...NO_TIMES, Infinity],
  maxBuffer: [...NO_COUNTS, Infinity],
  killGrace: [...NO_TIMES, Infinity],
  configPath: NO_TEXTS,
  cwd: NO_TEXTS,
  mcporterBin: NO_TEXTS,
  env: ['A=b', 5, null, [], { A: 5 }, { A: null }],
  rejectOnError: ['false', 0, null],
}
const BAD_CALL_OPTIONS = {
  timeout: [...NO_TIMES, Infinity],
  queueTimeout: NO_TIMES,
  signal: [null, {}, new AbortController(), 'abort'],
}

describe('options of a helper', () => {
  for (const [name, values] of Object.entries(BAD_OPTIONS)) {
    test(name, () => {
      for (const value of values) {
        assert.throws(() => createMcpHelper({ [name]: value }), {
          code: 'ERR_INVALID_CONFIG',
          message: new RegExp(`^${name}(\\.A)? must be .*got `),
        })
      }
    })
  }

  test('no object', () => {
    for (const options of [null, 5, 'x', [], true]) {
      assert.throws(() => createMcpHelper(options), { code: 'ERR_INVALID_CONFIG' })
    }
  })

  test('a misspelt name is refused with the valid names', () => {
    const expected = {
      code: 'ERR_INVALID_CONFIG',
      message: /'maxConcurrency'.*maxConcurrent, queueTimeout, .*rejectOnError/,
    }
    assert.throws(() => createMcpHelper({ maxConcurrency: 3 }), expected)
  })

  test('undefined stands for the default', async () => {
    const options = Object.fromEntries(Object.keys(BAD_OPTIONS).map((name) => [name, undefined]))
    const plain = createMcpHelper(options)
    assert.deepEqual(plain.getSemaphoreStatus(), {
      maxConcurrent: 3,
      current: 0,
      queued: 0,
      available: 3,
    })
    await plain.shutdown()
  })
})

describe('options of a call', () => {
  const calls = {
    callToolAsync: (options) => helper.callToolAsync('memory', 'read_graph', {}, options),
    listToolsAsync: (options) => helper.listToolsAsync('memory', options),
  }
  for (const [method, call] of Object.entries(calls)) {
    for (const [name, values] of Object.entries(BAD_CALL_OPTIONS)) {
      test(`${method}: ${name}`, async () => {
        for (const value of values) {
          const expected = {
            code: 'ERR_INVALID_CONFIG',
            message: new RegExp(`^${name} must be .*got `),
          }
          await assert.rejects(call({ [name]: value }), expected)
        }
      })
    }

    test(`${method}: no object, or a misspelt name`, async () => {
      for (const options of [null, 5, [], { timeOut: 5 }])
        await assert.rejects(call(options), { code: 'ERR_INVALID_CONFIG' })
    })
  }

  test('callToolAsync: rejectOnError', async () => {
    await assert.rejects(calls.callToolAsync({ rejectOnError: 1 }), { code: 'ERR_INVALID_CONFIG' })
    await assert.rejects(calls.listToolsAsync({ rejectOnError: true }), {
      code: 'ERR_INVALID_CONFIG',
    })
  })
})

describe('names and arguments are refused as rejections', () => {
  for (const [name, params, code] of [
    ['no server', [], 'ERR_INVALID_ARG_TYPE'],
    ['no tool', ['memory'], 'ERR_INVALID_ARG_TYPE'],
    ['a server without a name', ['', 'x'], 'ERR_INVALID_ARG_VALUE'],
    ['a tool without a name', ['memory', ''], 'ERR_INVALID_ARG_VALUE'],
    ['null arguments', ['memory', 'x', null], 'ERR_INVALID_ARG_TYPE'],
    ['arguments that are an array', ['memory', 'x', []], 'ERR_INVALID_ARG_TYPE'],
    ['a BigInt', ['memory', 'x', { n: 1n }], 'ERR_INVALID_ARG_TYPE'],
    ['__proto__', ['memory', 'x', JSON.parse('{"__proto__":1}')], 'ERR_INVALID_ARG_VALUE'],
  ]) {
    test(name, () => assert.rejects(helper.callToolAsync(...params), { code }))
  }

  test('listToolsAsync', async () => {
    await assert.rejects(helper.listToolsAsync(), { code: 'ERR_INVALID_ARG_TYPE' })
    await assert.rejects(helper.listToolsAsync('a\0'), { code: 'ERR_INVALID_ARG_VALUE' })
  })
})

test('impossible variables are refused', () => {
  for (const [env, message] of [
    [{ '': 'x' }, /^env must not have a variable without a name$/],
    [{ 'A=hush': 'x' }, /^env\.A must have a name without "="$/],
  ]) {
    assert.throws(() => createMcpHelper({ env }), { code: 'ERR_INVALID_CONFIG', message })
  }
})

test('options with a null byte are refused, and the error shows no variable', () => {
  for (const options of [
    { env: { A: 'hush\0' } },
    { env: { 'A\0': 'hush' } },
    { env: { 'A=hush\0': 'x' } },
    { configPath: 'a\0' },
    { cwd: 'a\0' },
    { mcporterBin: 'a\0' },
    { servers: { a: { command: 'x', env: { A: 'hush\0' } } } },
  ])
    assert.throws(
      () => createMcpHelper(options),
      ({ code, message }) => {
        assert.equal(code, 'ERR_INVALID_ARG_VALUE')
        return !message.includes('hush')
      },
    )
})

test('no bad input takes a slot, and the helper still works', async () => {
  assert.deepEqual(helper.getSemaphoreStatus(), {
    maxConcurrent: 3,
    current: 0,
    queued: 0,
    available: 3,
  })
  assert.deepEqual(helper.getActiveProcesses(), [])
  await assert.rejects(helper.callToolAsync('memory', 'read_graph', undefined, {}), {
    code: 'ERR_UNKNOWN_SERVER',
  })
  await assert.rejects(helper.callToolAsync('memory', 'list_tools', undefined, {}), {
    code: 'ERR_UNKNOWN_SERVER',
  })
})
