// Servers that cannot be started beside healthy ones: the pauses between their starts, with real
// servers.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, describe, test } from 'node:test'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { oddServer, temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { LEASE } from './support/fleet.mjs'
import { freePort } from './support/free-port.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { noRedis, startRedis } from './support/redis.mjs'
import { until } from './support/until.mjs'

const folder = temporaryFolder()
const started = join(folder, 'started')
const url = `http://127.0.0.1:${await freePort()}/mcp`
const NOTE = `require('node:fs').appendFileSync(${JSON.stringify(started)}, '.'); process.exit(3)`

/** The ways in which a server cannot be started. */
const BROKEN = {
  absent: { command: join(folder, 'no-such-command') },
  exits: { command: process.execPath, args: ['-e', NOTE] },
  refuses: { url },
}
const configPath = writeConfig(folder, { healthy: oddServer, ...BROKEN })
/** Each start serves one call, so that the other calls with slots have to give them back. */
const SERIAL = { maxInFlight: 1 }
const servers = Object.fromEntries(Object.keys(BROKEN).map((name) => [name, SERIAL]))

afterEach(() => {
  delete process.env.MCP_LIMIT_URL
  delete process.env.MCP_LIMIT_DIR
  delete process.env.MCP_LIMIT_LEASE
})
after(assertNothingLeft)

/** Makes a helper that is shut down after the test. */
function helperOf(t, options) {
  const settings = { configPath, transport: 'pool', killGrace: 100, servers }
  const helper = createMcpHelper({ ...settings, ...options })
  t.after(() => helper.shutdown())
  return helper
}

const text = (helper, options) =>
  helper.callToolAsync('healthy', 'text', { text: '1' }, { ...options })

/** Makes calls to a broken server; `failed` lists the errors in their order, with their numbers. */
function failing(helper, server, count, options) {
  const failed = []
  const controller = new AbortController()
  const calls = Array.from({ length: count }, (_, number) =>
    helper
      .callToolAsync(server, 'any', {}, { signal: controller.signal, ...options })
      .catch(({ code, message }) => failed.push({ number, code, message })),
  )
  return { failed, all: Promise.all(calls), abort: () => controller.abort() }
}

/** Resolves when calls wait for the next start of a server, and all of them do. */
async function inPause(helper, count) {
  const status = () => {
    const { limitedBy, current, queued } = helper.getSemaphoreStatus()
    return { limitedBy, current, queued }
  }
  await until(() => status().limitedBy === 'start' && status().queued === count)
  return status()
}

describe('a server that cannot be started holds up no other', () => {
  const kinds = {
    'of this process': { skip: false, share() {} },
    'of the processes of a machine': {
      skip: false,
      share() {
        process.env.MCP_LIMIT_URL = 'host'
        process.env.MCP_LIMIT_DIR = join(folder, 'slots')
        mkdirSync(process.env.MCP_LIMIT_DIR, { mode: 0o700 })
      },
    },
    'of a fleet': {
      skip: noRedis(),
      async share(t) {
        const { url } = await startRedis(t)
        Object.assign(process.env, { MCP_LIMIT_URL: url, MCP_LIMIT_LEASE: String(LEASE) })
      },
    },
  }
  for (const [kind, { skip, share }] of Object.entries(kinds))
    test(`with the slots ${kind}`, { skip }, async (t) => {
      await share(t)
      // Each helper stands for a process.
      const [helper, other] = [1, 2].map(() => helperOf(t, { maxConcurrent: 2 }))
      await Promise.all([text(helper), text(other)])
      for (const server of Object.keys(BROKEN)) {
        const { failed, abort, all } = failing(helper, server, 8)
        assert.deepEqual([await text(helper), await text(other)], [1, 1])
        // Each failed start fails one call here. With the slots kept, seven fail before that.
        assert.ok(failed.length < 4, `${server}: ${failed.length} calls had failed before`)
        abort()
        await all
      }
    })
})

test('calls in a pause have no slot, and say what they wait for', async (t) => {
  const helper = helperOf(t, { maxConcurrent: 2 })
  const { failed, abort, all } = failing(helper, 'exits', 6)
  await until(() => failed.length > 0)
  const queued = 6 - failed.length
  assert.deepEqual(await inPause(helper, queued), { limitedBy: 'start', current: 0, queued })
  const waiting = helper.getQueuedCalls().map(({ server, waitsFor }) => ({ server, waitsFor }))
  assert.deepEqual(waiting, Array(queued).fill({ server: 'exits', waitsFor: 'start' }))
  assert.deepEqual(helper.getActiveProcesses(), [])
  assert.equal(helper.getSemaphoreStatus().servers[0].pausedFor, 0, 'the server asked for none')
  abort()
  await all
  assert.deepEqual([...new Set(failed.map(({ code }) => code))], ['ERR_SERVER_START', 'ABORT_ERR'])
})

test('each start fails the calls that waited for it, in the order of arrival', async (t) => {
  const before = starts()
  const helper = helperOf(t, { maxConcurrent: 3 })
  const { failed, all } = failing(helper, 'exits', 3)
  await all
  assert.deepEqual(
    failed.map(({ number, code }) => [number, code]),
    [0, 1, 2].map((number) => [number, 'ERR_SERVER_START']),
  )
  assert.match(failed[2].message, /^MCP call exits\.any: the server exited with code 3 before/)
  assert.equal(starts() - before, 3)
})

test('the timeout of a call goes on in a pause', async (t) => {
  const helper = helperOf(t, { maxConcurrent: 3 })
  // The third start comes 1.5 s after the first one has failed.
  const { failed, all } = failing(helper, 'absent', 3, { timeout: 1200 })
  await all
  const late = 'MCP call absent.any: no answer within 1200 ms'
  assert.deepEqual(failed.at(-1), { number: 2, code: 'ERR_CALL_TIMEOUT', message: late })
})

test('a call that may not wait in a queue waits for a start beside free slots', async (t) => {
  const helper = helperOf(t, { maxConcurrent: 2, maxQueue: 0 })
  const { failed, all } = failing(helper, 'absent', 2)
  await inPause(helper, 1)
  const more = failing(helper, 'absent', 2)
  await Promise.all([all, more.all])
  const codes = (calls) => calls.map(({ number, code }) => [number, code])
  assert.deepEqual(codes(failed), [
    [0, 'ERR_SERVER_START'],
    [1, 'ERR_SERVER_START'],
  ])
  assert.deepEqual(codes(more.failed), [
    [1, 'ERR_QUEUE_FULL'],
    [0, 'ERR_SERVER_START'],
  ])
})

test('a queue timeout in a pause names the pause', async (t) => {
  const helper = helperOf(t, { maxConcurrent: 2 })
  const { failed, abort, all } = failing(helper, 'absent', 4)
  await until(() => failed.length === 3)
  await inPause(helper, 1)
  await assert.rejects(helper.callToolAsync('absent', 'any', {}, { queueTimeout: 20 }), {
    code: 'ERR_QUEUE_TIMEOUT',
    message: /; the server could not be started; the next start is tried in \d+ ms$/,
  })
  abort()
  await all
})

test('a shutdown ends the waits for a start', async () => {
  const helper = createMcpHelper({ configPath, transport: 'pool', servers, maxConcurrent: 2 })
  const { failed, all } = failing(helper, 'absent', 4)
  await inPause(helper, 3)
  await helper.shutdown()
  await all
  assert.deepEqual(
    failed.map(({ code }) => code),
    ['ERR_SERVER_START', ...Array(3).fill('ERR_CLOSED')],
  )
})

/** Returns how often the server that notes its starts was started. */
function starts() {
  try {
    return readFileSync(started, 'utf8').length
  } catch {
    return 0
  }
}
