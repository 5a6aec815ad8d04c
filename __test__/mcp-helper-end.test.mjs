import assert from 'node:assert/strict'
import { existsSync, readFileSync, watch } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { oddServer, temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { alive, descendants, identity, noProcessList } from './fixtures/processes.mjs'

const folder = temporaryFolder()
const configPath = writeConfig(folder, {
  odd: oddServer,
  'kept alive': { ...oddServer, lifecycle: 'keep-alive' },
})
const make = (options) =>
  createMcpHelper({ configPath, transport: 'mcporter', killGrace: 100, ...options })
const idle = (maxConcurrent = 3) => ({
  maxConcurrent,
  current: 0,
  queued: 0,
  available: maxConcurrent,
})
let files = 0

/** A call that hangs in a server and its child, both deaf to SIGTERM. */
function hang(helper, options, server = 'odd') {
  const file = join(folder, `hang-${++files}`)
  const call = helper.callToolAsync(server, 'hang', { file }, options)
  call.catch(() => {})
  return {
    call,
    file,
    started: written(file),
    sent: () => readFileSync(`${file}.calls`, 'utf8').trim().split('\n').length,
  }
}

/**
 * A call that hangs, once its server runs. A busy machine may not start the server within the
 * timeout: the next call's timeout is longer.
 */
async function startedHang(helper, options, server) {
  for (let { timeout } = options; ; timeout *= 4) {
    const tried = hang(helper, { ...options, timeout }, server)
    const pids = await Promise.race([tried.started, tried.call.catch(() => undefined)])
    if (pids !== undefined) return { ...tried, pids, timeout }
    assert.ok(timeout < 200_000, `no server within ${timeout} ms`)
  }
}

/** The pids in the file, once they are there. @param {string} file @returns {Promise<number[]>} */
function written(file) {
  return new Promise((resolve) => {
    const watcher = watch(folder, { persistent: false }, look)
    look()
    function look() {
      const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
      if (!text.endsWith(']')) return
      watcher.close()
      resolve(JSON.parse(text))
    }
  })
}

describe('a cancelled call leaves no process, and its slot is free', {
  skip: noProcessList,
}, () => {
  const reason = new Error('no longer wanted')
  const controller = new AbortController()
  for (const [name, server, options, giveUp, expected] of [
    [
      'time-out of a server that mcporter would keep alive',
      'kept alive',
      { timeout: 6000 },
      () => {},
      { code: 'ERR_CALL_TIMEOUT', message: /kept alive\.hang: .* \d+ ms/ },
    ],
    [
      'abort',
      'odd',
      { signal: controller.signal },
      () => controller.abort(reason),
      { name: 'AbortError', code: 'ABORT_ERR', cause: reason, message: /odd\.hang/ },
    ],
    [
      'shutdown',
      'odd',
      {},
      (helper) => helper.shutdown(),
      { code: 'ERR_CLOSED', message: /odd\.hang/ },
    ],
  ]) {
    test(name, async () => {
      const helper = make()
      const { call, file, pids, sent } = await startedHang(helper, options, server)
      const tree = [...new Set([...descendants(), ...pids.map(identity)])]
      const [{ pid }] = helper.getActiveProcesses()
      const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      assert.ok(tree.includes(identity(pid)))
      assert.match(commandLine, /mcporter/)
      assert.ok(!commandLine.includes(file), 'other users must not see the arguments')
      assert.ok(tree.length >= 3)

      giveUp(helper)
      await assert.rejects(call, expected)
      assert.deepEqual(alive(tree), [])
      assert.equal(sent(), 1)
      assert.deepEqual(helper.getSemaphoreStatus(), idle())
      assert.deepEqual(helper.getActiveProcesses(), [])
      await helper.shutdown()
    })
  }
})

describe('a call that waits', () => {
  test('aborted, timed out, refused, closed: never sent', async () => {
    const helper = make({ maxConcurrent: 1, maxQueue: 3, queueTimeout: 1000 })
    const running = hang(helper)
    const reason = new Error('changed my mind')
    const controller = new AbortController()
    const aborted = hang(helper, { signal: controller.signal })
    const late = hang(helper, { queueTimeout: 100 })
    const tired = hang(helper)
    const queued = { maxConcurrent: 1, current: 1, queued: 3, available: 0 }
    assert.deepEqual(helper.getSemaphoreStatus(), queued)
    assert.deepEqual(helper.getReadiness(), { ready: false, reason: 'queue-full' })

    await assert.rejects(helper.callToolAsync('odd', 'text'), {
      code: 'ERR_QUEUE_FULL',
      message: /odd\.text/,
    })
    controller.abort(reason)
    await assert.rejects(aborted.call, {
      name: 'AbortError',
      code: 'ABORT_ERR',
      cause: reason,
      message: /odd\.hang/,
    })
    await assert.rejects(late.call, { code: 'ERR_QUEUE_TIMEOUT' })
    const error = await tired.call.catch((error) => error)
    assert.equal(error.code, 'ERR_QUEUE_TIMEOUT')
    assert.match(error.message, /odd\.hang: Semaphore acquire timeout \(1s\)/)
    assert.equal(error.cause.message, 'Semaphore acquire timeout (1s)')
    assert.deepEqual(helper.getReadiness(), { ready: true, reason: null })

    const closed = hang(helper)
    const closing = helper.shutdown()
    assert.equal(helper.shutdown(), closing)
    assert.deepEqual(helper.getReadiness(), { ready: false, reason: 'draining' })
    await assert.rejects(closed.call, { code: 'ERR_CLOSED', message: /odd\.hang/ })
    await assert.rejects(running.call, { code: 'ERR_CLOSED' })
    await closing
    await assert.rejects(helper.callToolAsync('odd', 'text'), {
      code: 'ERR_CLOSED',
      message: /odd\.text/,
    })
    await assert.rejects(helper.listToolsAsync('odd'), { code: 'ERR_CLOSED' })
    assert.deepEqual(helper.getSemaphoreStatus(), idle(1))
    for (const { sent } of [aborted, late, tired, closed]) assert.throws(sent, { code: 'ENOENT' })
  })

  test('a signal that was aborted before', async () => {
    const helper = make()
    const options = { signal: AbortSignal.abort('early') }
    await assert.rejects(helper.callToolAsync('odd', 'text', {}, options), {
      code: 'ABORT_ERR',
      cause: 'early',
    })
    await assert.rejects(helper.listToolsAsync('odd', options), {
      code: 'ABORT_ERR',
      cause: 'early',
    })
    await helper.shutdown()
  })
})

test('a helper that was never used shuts down', async () => {
  const helper = make()
  assert.equal(await helper.shutdown(), undefined)
})

test('a server that dies is not called again', async () => {
  const helper = make()
  const error = await helper.callToolAsync('kept alive', 'die').catch((error) => error)
  assert.equal(error.code, 'ERR_MCPORTER')
  assert.match(error.stderr, /out of luck/)
  assert.equal(error.stderr.match(/out of luck/g).length, 1)
  await helper.shutdown()
})
