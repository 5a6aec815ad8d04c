import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import processes from '../examples/ad-ops/demo/processes/index.js'
import { ServerProcess } from '../examples/ad-ops/demo/server-process.js'

const EXAMPLE = fileURLToPath(new URL('../examples/ad-ops/', import.meta.url))
const IS_WINDOWS = process.platform === 'win32'
const LONG = ['everything', 'trigger-long-running-operation', { duration: 30, steps: 1 }]

const TEMP = fs.mkdtempSync(path.join(os.tmpdir(), 'procward-test-'))
after(() => fs.rmSync(TEMP, { recursive: true }))

/** A server whose temporary files are in a folder of their own. */
async function startServer(env = {}) {
  const temp = fs.mkdtempSync(path.join(TEMP, 'server-'))
  const server = await ServerProcess.start({
    TMPDIR: temp,
    TEMP: temp,
    TMP: temp,
    AD_OPS_DATA: '',
    ...env,
  })
  const dataFolders = () => fs.readdirSync(temp).filter((name) => name.startsWith('ad-ops-'))
  return { server, dataFolders, temp, call: (...params) => call(server.url, ...params) }
}

async function call(url, name, tool, args, options = {}) {
  const response = await fetch(`${url}/api/tools/${name}/${tool}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(args),
    ...options,
  })
  return { status: response.status, headers: response.headers, ...(await response.json()) }
}

async function get(url, route) {
  const response = await fetch(`${url}${route}`)
  return { status: response.status, body: await response.json() }
}

/** Waits until the server says that so many calls run. */
async function untilRunning(url, count) {
  const deadline = Date.now() + 30_000
  for (;;) {
    const { body } = await get(url, '/api/health/processes')
    if (body.activeProcesses.count === count) return body
    assert.ok(Date.now() < deadline, `${body.activeProcesses.count} calls run, not ${count}`)
    await sleep(50)
  }
}

/**
 * Waits until the server has so many Node.js processes below it, and resolves with all that is
 * below it.
 */
async function untilBelow(pid, count) {
  const deadline = Date.now() + 30_000
  for (;;) {
    const found = await processes.descendants(pid)
    if (found.filter(({ isNode }) => isNode).length >= count) return found
    assert.ok(Date.now() < deadline, `${found.length} processes, not ${count}`)
    await sleep(50)
  }
}

async function assertGone(started) {
  const alive = await Promise.all(started.map(processes.isAlive))
  assert.equal(alive.filter(Boolean).length, 0, 'processes left')
}

describe('the Ad Ops server', () => {
  let it
  before(async () => {
    it = await startServer({ MCP_MAX_CONCURRENT: '3' })
  })
  after(() => it?.server.stop())

  for (const [route, expected] of [
    ['/api/health', ['status', 'timestamp', 'uptime', 'memory']],
    [
      '/api/health/processes',
      ['status', 'timestamp', 'semaphore', 'activeProcesses', 'cleanup', 'alert', 'alerts', 'pool'],
    ],
    ['/api/health/live', ['status', 'timestamp']],
    ['/api/health/ready', ['status', 'timestamp']],
  ]) {
    test(`GET ${route}`, async () => {
      const { status, body } = await get(it.server.url, route)
      assert.equal(status, 200)
      assert.deepEqual(Object.keys(body), expected)
      assert.equal(body.status, 'ok')
    })
  }

  test('the cleanup scanner runs from the start', async () => {
    const { body } = await get(it.server.url, '/api/health/processes')
    assert.equal(body.cleanup.isRunning, true)
    assert.equal(body.cleanup.interval, 60_000)
    assert.equal(body.cleanup.maxAge, 300_000)
  })

  test('calls a tool', async () => {
    const message = 'a "b" \\ $c %d% \n é 春 🌱'
    const { status, result } = await it.call('everything', 'echo', { message })
    assert.equal(status, 200)
    assert.deepEqual(result, { content: [{ type: 'text', text: `Echo: ${message}` }] })
  })

  test("keeps the servers' files in its data folder", async () => {
    await it.call('filesystem', 'write_file', { path: 'brief.md', content: 'Hi' })
    const [folder] = it.dataFolders()
    assert.equal(fs.readFileSync(path.join(it.temp, folder, 'brief.md'), 'utf8'), 'Hi')
  })

  for (const [what, status, code, params] of [
    ['an unknown server', 404, 'ERR_UNKNOWN_SERVER', ['nowhere', 'echo', {}]],
    ['an unknown tool', 404, 'ERR_UNKNOWN_TOOL', ['everything', 'no-such-tool', {}]],
    [
      'a tool that fails',
      422,
      'ERR_TOOL',
      ['filesystem', 'read_text_file', { path: 'missing.md' }],
    ],
    ['arguments that are no object', 400, 'ERR_INVALID_ARG_TYPE', ['everything', 'echo', [1]]],
    ['a name that begins with dashes', 404, 'ERR_UNKNOWN_SERVER', ['--help', 'echo', {}]],
    ['broken JSON', 400, 'ERR_BAD_REQUEST', ['everything', 'echo', {}, { body: '{' }]],
    ['too much', 413, 'ERR_BAD_REQUEST', ['everything', 'echo', { message: 'x'.repeat(2 ** 20) }]],
    ['a name that cannot be read', 400, 'ERR_BAD_REQUEST', ['%E0%A4', 'echo', {}]],
    [
      'a form',
      415,
      'ERR_CONTENT_TYPE',
      ['everything', 'echo', {}, { headers: { 'Content-Type': 'text/plain' } }],
    ],
  ]) {
    test(`${what} is a ${status}`, async () => {
      const answer = await it.call(...params)
      assert.equal(answer.status, status)
      assert.equal(answer.error.code, code)
      assert.equal(typeof answer.error.message, 'string')
    })
  }

  test('a client that goes away frees its slot', async () => {
    const client = new AbortController()
    const left = assert.rejects(it.call(...LONG, { signal: client.signal }), { name: 'AbortError' })
    await untilRunning(it.server.url, 1)
    client.abort()
    await left
    const { semaphore } = await untilRunning(it.server.url, 0)
    assert.equal(semaphore.queued, 0)
  })
})

test('a call that takes too long is a 504', async () => {
  const { server, call } = await startServer({ MCPORTER_CALL_TIMEOUT: '1' })
  try {
    const { status, error } = await call(...LONG)
    assert.equal(status, 504)
    assert.equal(error.code, 'ERR_CALL_TIMEOUT')
  } finally {
    await server.stop()
  }
})

for (const signal of IS_WINDOWS ? ['SIGTERM'] : ['SIGTERM', 'SIGINT']) {
  test(`${signal} stops the server, idle or kept alive`, async () => {
    const { server, dataFolders } = await startServer()
    assert.equal((await get(server.url, '/api/health')).status, 200)
    assert.equal(dataFolders().length, 1)
    assert.deepEqual(await server.stop(signal), { code: 0, signal: null })
    assert.deepEqual(dataFolders(), [])
  })

  test(`${signal} during calls terminates all of them`, async () => {
    const { server, call, dataFolders } = await startServer({ MCP_MAX_CONCURRENT: '2' })
    const calls = [1, 2, 3].map(() => call(...LONG))
    await untilRunning(server.url, 2)
    // One server works on both.
    const started = await untilBelow(server.pid, 1)
    assert.equal(started.filter(({ isMcporter }) => isMcporter).length, 0)
    const end = await server.stop(signal)
    for (const { status, headers, error } of await Promise.all(calls)) {
      assert.equal(status, 503)
      assert.equal(error.code, 'ERR_CLOSED')
      assert.match(headers.get('retry-after'), /^\d+$/)
    }
    assert.deepEqual(end, { code: 0, signal: null })
    await assertGone(started)
    assert.deepEqual(dataFolders(), [])
  })
}

test('a given data folder is kept', async () => {
  const data = fs.mkdtempSync(path.join(TEMP, 'data-'))
  const { server, dataFolders } = await startServer({ AD_OPS_DATA: data })
  assert.deepEqual(dataFolders(), [])
  assert.equal((await server.stop()).code, 0)
  assert.ok(fs.existsSync(data))
})

test('a port in use is reported', async () => {
  const { server } = await startServer()
  try {
    const env = { ...process.env, PORT: new URL(server.url).port }
    await assert.rejects(
      promisify(execFile)(process.execPath, [path.join(EXAMPLE, 'server.js')], { env }),
      {
        code: 1,
        stderr: 'The port is taken; set PORT to another one.\n',
      },
    )
  } finally {
    await server.stop()
  }
})

test('a second signal exits at once', { skip: IS_WINDOWS }, async () => {
  const script = `
    require(${JSON.stringify(path.join(EXAMPLE, 'stop-signals.js'))}).onStopSignal((signal) => console.log(signal))
    setInterval(() => {}, 1000)
    console.log('ready')
  `
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const lines = child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })
  assert.equal((await lines.next()).value, 'ready\n')
  child.kill('SIGINT')
  assert.equal((await lines.next()).value, 'SIGINT\n')
  await sleep(600)
  child.kill('SIGTERM')
  assert.deepEqual(await ended, [143, null])
})

test("test-process-manager.js prints the seed's expected output", async () => {
  const { MCP_MAX_CONCURRENT, CLEANUP_INTERVAL, PROCESS_MAX_AGE, ...env } = process.env
  const script = path.join(EXAMPLE, 'test-process-manager.js')
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env })
  assert.equal(
    stdout,
    [
      '✅ Semaphore test passed',
      '✅ Process tracking test passed',
      '✅ Cleanup test passed',
      '',
      'All tests passed!',
      'Max concurrent MCP calls: 3',
      'Cleanup interval: 60 seconds',
      'Process max age: 300 seconds',
      '',
    ].join('\n'),
  )
})
