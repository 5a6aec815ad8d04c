// Limits of all processes of a user on one machine, with real servers and processes.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { oddServer, temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { until } from './support/until.mjs'

const folder = temporaryFolder()
const configPath = writeConfig(folder, { one: oddServer, two: oddServer })
const root = fileURLToPath(new URL('..', import.meta.url))
let shared = 0
/** The counts of a helper without calls. */
const IDLE = { current: 0, queued: 0, available: 0, limitedBy: null, reach: 'host' }

afterEach(() => {
  delete process.env.MCP_LIMIT_URL
  delete process.env.MCP_LIMIT_DIR
})
after(assertNothingLeft)

/** Shares limits within a new folder. Each helper from now on stands for a process. */
function shareLimits() {
  process.env.MCP_LIMIT_URL = 'host'
  process.env.MCP_LIMIT_DIR = join(folder, `slots-${++shared}`)
}

/** Makes a helper that is shut down after the test. */
function helperOf(t, options) {
  const helper = createMcpHelper({ configPath, transport: 'pool', ...options })
  t.after(() => helper.shutdown())
  return helper
}

/** A call that holds its slots until it is aborted. */
function holding(helper, server, options) {
  const controller = new AbortController()
  const file = join(folder, `${server}-${Math.random()}`)
  const { signal } = controller
  const call = helper.callToolAsync(server, 'hang', { file }, { signal, ...options })
  const ended = assert.rejects(call, { code: 'ABORT_ERR' })
  return {
    end: () => {
      controller.abort()
      return ended
    },
  }
}

const text = (helper, server, options) =>
  helper.callToolAsync(server, 'text', { text: '1' }, options)

/** The counts of a helper's calls. */
function counts(helper) {
  const { current, queued, available, limitedBy, reach } = helper.getSemaphoreStatus()
  return { current, queued, available, limitedBy, reach }
}

test('calls of two helpers share the slots', async (t) => {
  shareLimits()
  const [one, other] = [helperOf(t, { maxConcurrent: 2 }), helperOf(t, { maxConcurrent: 2 })]
  const calls = [holding(one, 'one'), holding(one, 'two')]
  const waiting = text(other, 'one')
  await until(() => counts(other).queued === 1)
  assert.deepEqual(counts(other), { ...IDLE, queued: 1, available: 1, limitedBy: 'host' })
  assert.deepEqual(counts(one), { ...IDLE, current: 2 })
  await calls[0].end()
  assert.equal(await waiting, 1)
  await calls[1].end()
})

test("a server's slots are shared, and hold up no other server", async (t) => {
  shareLimits()
  const options = { maxConcurrent: 3, limits: { one: 1 } }
  const [one, other] = [helperOf(t, options), helperOf(t, options)]
  const call = holding(one, 'one')
  await assert.rejects(text(other, 'one', { queueTimeout: 30 }), {
    code: 'ERR_QUEUE_TIMEOUT',
    message: /\(0.03s\); all processes of this user share the slots .* for the server 'one'$/,
  })
  assert.equal(await text(other, 'two'), 1)
  await call.end()
  assert.equal(await text(other, 'one'), 1)
})

test('a call of many slots waits for all of them', async (t) => {
  shareLimits()
  const [one, other] = [helperOf(t, { maxConcurrent: 3 }), helperOf(t, { maxConcurrent: 3 })]
  const calls = [holding(one, 'one'), holding(one, 'two')]
  const large = text(other, 'one', { cost: 3 })
  await until(() => counts(other).queued === 1)
  // The third slot is free, but a later call does not overtake.
  await assert.rejects(text(one, 'two', { queueTimeout: 30 }), { code: 'ERR_QUEUE_TIMEOUT' })
  for (const call of calls) await call.end()
  assert.equal(await large, 1)
})

test('the end of a wait leaves the line', async (t) => {
  shareLimits()
  const [one, other] = [helperOf(t, { maxConcurrent: 1 }), helperOf(t, { maxConcurrent: 1 })]
  const call = holding(one, 'one')
  const controller = new AbortController()
  const aborted = assert.rejects(text(other, 'one', { signal: controller.signal }), {
    code: 'ABORT_ERR',
  })
  await until(() => counts(other).queued === 1)
  controller.abort()
  await aborted
  assert.deepEqual(counts(other), { ...IDLE, available: 1 })
  const closed = assert.rejects(text(other, 'one'), { code: 'ERR_CLOSED' })
  await until(() => counts(other).queued === 1)
  await other.shutdown()
  await closed
  await call.end()
  assert.equal(await text(one, 'one'), 1)
})

test('a process that is killed gives its slots back', async (t) => {
  shareLimits()
  const program = `
    const { createMcpHelper } = require('procward/mcp-helper')
    const helper = createMcpHelper({ configPath: ${JSON.stringify(configPath)}, maxConcurrent: 1 })
    helper.callToolAsync('one', 'hang', { file: ${JSON.stringify(join(folder, 'killed'))} })
    const looks = setInterval(() => {
      if (helper.getSemaphoreStatus().current === 0) return
      clearInterval(looks)
      console.log('holding')
    }, 5)`
  const child = spawn(process.execPath, ['-e', program], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  const helper = helperOf(t, { maxConcurrent: 1 })
  const waiting = text(helper, 'one')
  await until(() => counts(helper).queued === 1)
  child.kill('SIGKILL')
  assert.equal(await waiting, 1)
})

test('a folder that is open to others is refused, and no slot is lost', {
  skip: process.platform === 'win32' && 'Windows has no modes',
}, async (t) => {
  shareLimits()
  mkdirSync(String(process.env.MCP_LIMIT_DIR))
  chmodSync(String(process.env.MCP_LIMIT_DIR), 0o755)
  const helper = helperOf(t, { maxConcurrent: 1 })
  for (let call = 0; call < 3; call++)
    await assert.rejects(text(helper, 'one'), {
      code: 'ERR_LIMIT_UNAVAILABLE',
      message: /MCP_LIMIT_URL=host: .*slots-\d+: belongs to another user or is open to others/,
    })
  assert.equal(counts(helper).current, 0)
  chmodSync(String(process.env.MCP_LIMIT_DIR), 0o700)
  assert.equal(await text(helper, 'one'), 1)
})

test('a helper that was shut down keeps no file open', {
  skip: process.platform !== 'linux' && 'looks at /proc',
}, async (t) => {
  shareLimits()
  const open = () =>
    readdirSync('/proc/self/fd').filter((name) => {
      try {
        return readlinkSync(`/proc/self/fd/${name}`).startsWith(String(process.env.MCP_LIMIT_DIR))
      } catch {
        return false
      }
    }).length
  const [one, other] = [helperOf(t, { maxConcurrent: 1 }), helperOf(t, { maxConcurrent: 1 })]
  const call = holding(one, 'one')
  const waiting = assert.rejects(text(other, 'one'), { code: 'ERR_CLOSED' })
  await until(() => counts(other).queued === 1)
  assert.ok(open() > 2)
  await Promise.all([other.shutdown(), waiting])
  await call.end()
  await one.shutdown()
  await until(() => open() === 0)
})

test('a relative folder is refused, because it would be another one elsewhere', () => {
  process.env.MCP_LIMIT_URL = 'host'
  process.env.MCP_LIMIT_DIR = 'relative'
  assert.throws(() => createMcpHelper({ configPath }), {
    code: 'ERR_INVALID_CONFIG',
    message: "MCP_LIMIT_DIR must be an absolute path, got 'relative'",
  })
})

test('an enormous limit costs nothing until it is used', async (t) => {
  shareLimits()
  const helper = helperOf(t, { maxConcurrent: 2 ** 31 - 1 })
  assert.equal(await text(helper, 'one'), 1)
})

test('an unknown kind of limit is refused', () => {
  process.env.MCP_LIMIT_URL = 'https://user:secret@example.org'
  assert.throws(
    () => createMcpHelper({ configPath }),
    (error) => {
      assert.equal(error.code, 'ERR_INVALID_CONFIG')
      assert.match(error.message, /^MCP_LIMIT_URL: it must be 'host'/)
      assert.doesNotMatch(error.message, /secret/)
      return true
    },
  )
})
