// From its slot on, all that a call waits for ends with its timeout: reading the configuration too,
// which may hang.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import fs from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import poolModule from '../lib/mcp/pool.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { temporaryFolder } from './fixtures/mcp-servers.mjs'
import { textServer } from './support/text-servers.mjs'

const { SessionPool } = poolModule
const FREE = { maxConcurrent: 1, current: 0, queued: 0, available: 1 }
const folder = temporaryFolder()
const NEVER = { list: () => new Promise(() => {}) }
let files = 0

/** A configuration file on a file system that hangs. @param {import('node:test').TestContext} t */
function hangingFile(t) {
  const file = join(folder, `hanging-${++files}.json`)
  for (const name of ['stat', 'lstat', 'open', 'readFile', 'access', 'realpath']) {
    const real = fs[name]
    t.mock.method(fs, name, (path, ...rest) =>
      path === file ? new Promise(() => {}) : real(path, ...rest),
    )
  }
  return file
}

describe('a configuration file that blocks its reader', () => {
  for (const transport of ['auto', 'pool'])
    test(`holds a slot at most for the timeout of its call: ${transport}`, async (t) => {
      const helper = createMcpHelper({ configPath: hangingFile(t), transport, maxConcurrent: 1 })
      t.after(helper.shutdown)
      const calls = [1, 2, 3].map(() => helper.callToolAsync('it', 'answer', {}, { timeout: 50 }))
      calls.push(helper.callToolRaw('it', 'answer', {}, { timeout: 50 }))
      for (const { reason } of await Promise.allSettled(calls)) {
        assert.equal(reason.code, 'ERR_CALL_TIMEOUT')
        assert.match(
          reason.message,
          /^MCP call it\.answer: no answer within 50 ms; .*configuration/,
        )
      }
      const late = {
        code: 'ERR_CALL_TIMEOUT',
        message: /^MCP call it\.list_tools: no answer within 60 ms/,
      }
      await assert.rejects(helper.listToolsAsync('it', { timeout: 60 }), late)
      assert.deepEqual(helper.getSemaphoreStatus(), FREE)
    })

  test('does not delay an abort or a shutdown', async (t) => {
    const helper = createMcpHelper({ configPath: hangingFile(t), maxConcurrent: 2 })
    const controller = new AbortController()
    const aborted = helper.callToolAsync('it', 'answer', {}, { signal: controller.signal })
    const closed = helper.callToolAsync('it', 'answer')
    setImmediate(() => controller.abort('enough'))
    const expected = {
      name: 'AbortError',
      code: 'ABORT_ERR',
      cause: 'enough',
      message: /^MCP call it\.answer: /,
    }
    await assert.rejects(aborted, expected)
    const end = helper.shutdown()
    await assert.rejects(closed, { code: 'ERR_CLOSED', message: /^MCP call it\.answer: / })
    await end
    assert.deepEqual(helper.getSemaphoreStatus(), { ...FREE, maxConcurrent: 2, available: 2 })
  })
})

test('a named pipe as configuration file holds no slot either', {
  skip: process.platform === 'win32' && 'needs named pipes',
}, async (t) => {
  const file = join(folder, 'pipe')
  execFileSync('mkfifo', [file])
  t.after(() => {
    try {
      // Frees the thread that reads the pipe, if one does.
      closeSync(openSync(file, constants.O_WRONLY | constants.O_NONBLOCK))
    } catch (error) {
      assert.equal(error.code, 'ENXIO')
    }
  })
  const helper = createMcpHelper({ configPath: file, maxConcurrent: 1, transport: 'pool' })
  t.after(helper.shutdown)
  const { code } = await helper
    .callToolAsync('it', 'answer', {}, { timeout: 100 })
    .catch((error) => error)
  // A reader that looks at the kind of a file refuses a pipe at once.
  assert.ok(['ERR_CALL_TIMEOUT', 'ERR_INVALID_CONFIG'].includes(code), code)
  assert.deepEqual(helper.getSemaphoreStatus(), FREE)
})

describe('a pool that waits for its configuration', () => {
  for (const [name, call] of [
    ['callTool', (it, options) => it.callTool('it', 'answer', {}, options)],
    ['listTools', (it, options) => it.listTools('it', options)],
  ])
    test(`${name} rejects at its timeout, at an abort and at the end of the pool`, async () => {
      for (const end of ['drain', 'close']) {
        const it = new SessionPool({ servers: {} }, NEVER)
        await assert.rejects(call(it, { timeout: 20 }), {
          code: 'ERR_CALL_TIMEOUT',
          message: /within 20 ms/,
        })
        await assert.rejects(call(it, { signal: AbortSignal.timeout(20) }), { code: 'ABORT_ERR' })
        await assert.rejects(call(it, { signal: AbortSignal.abort('early') }), {
          code: 'ABORT_ERR',
          cause: 'early',
        })
        const endless = call(it, { timeout: Infinity })
        it[end]()
        await assert.rejects(endless, { code: 'ERR_CLOSED', message: /^MCP call it\./ })
      }
    })

  test('a broken configuration fails each call with its own error and one shared cause', async (t) => {
    const broken = Object.assign(new Error('m.json: it is no JSON'), {
      code: 'ERR_INVALID_CONFIG',
      file: 'm.json',
    })
    const reading = Promise.reject(broken)
    const it = new SessionPool({ servers: {} }, { list: () => reading })
    t.after(() => it.close())
    const calls = ['a', 'b'].map((server) => it.callTool(server, 'answer'))
    const [a, b] = (await Promise.allSettled(calls)).map(({ reason }) => reason)
    assert.deepEqual([a.code, a.file, a.cause], ['ERR_INVALID_CONFIG', 'm.json', broken])
    assert.equal(a.message, 'MCP call a.answer: m.json: it is no JSON')
    assert.equal(b.message, 'MCP call b.answer: m.json: it is no JSON')
  })

  test('uses a configuration that arrives in time', async (t) => {
    const { command, args } = textServer()
    const transport = { kind: 'stdio', command, args, env: {} }
    const one = { name: 'it', file: 'm.json', identity: () => '1', use: {}, allows: () => true }
    const servers = new Map([
      ['it', { ...one, reach: async () => ({ transport, until: Infinity }) }],
    ])
    const it = new SessionPool({ servers: {} }, { list: () => turn({ servers, ignored: [] }) })
    t.after(() => it.close())
    const call = it.callTool(
      'it',
      'answer',
      { text: '{"content":[]}' },
      { signal: new AbortController().signal },
    )
    assert.deepEqual(await call, { content: [] })
  })
})
