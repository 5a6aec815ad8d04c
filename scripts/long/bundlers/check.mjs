// Checks a built server: its calls, its routes, the scanner's view of it, and its children after
// SIGKILL.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from '../../../__test__/support/free-port.mjs'
import { root } from '../../steps.mjs'

const LIMIT = 60_000
const LACKS = /^ERR_PACKAGE_FILE: .*copy node_modules\/procward\/lib\/mcporter\/launcher\.mjs/

/**
 * Runs a built server and checks it.
 * @param {string[]} command of the server, which listens on $PORT
 * @param {string} cwd
 * @param {{ hasFiles?: boolean }} [expected] `hasFiles` tells whether the dashboard and the
 *   launcher of mcporter were copied
 */
export async function checkServer(command, cwd, { hasFiles = true } = {}) {
  const place = mkdtempSync(join(tmpdir(), 'procward-bundled-'))
  const port = await freePort()
  const env = { ...process.env, ...mcpVariables(place), PORT: `${port}`, NODE_PATH: '' }
  const [program, ...args] = command
  const server = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  for (const stream of [server.stdout, server.stderr])
    stream.on('data', (chunk) => {
      log += chunk
    })
  try {
    const url = `http://127.0.0.1:${port}`
    const report = await (await fetchOnce(`${url}/check`, () => server.exitCode !== null)).json()
    checkReport(report, hasFiles)
    await checkRoutes(`${url}/api/health`, hasFiles)
    assert.equal(await stateOf(report.pid), 'server', "the scanner's view")
    process.kill(report.pid, 'SIGKILL')
    if (report.mechanism === 'warden') await untilGone(report.child)
  } catch (error) {
    throw new Error(`${error.message}\n${log.slice(-2000)}`, { cause: error })
  } finally {
    server.kill('SIGKILL')
    rmSync(place, { recursive: true, force: true })
  }
}

/** @param {any} report @param {boolean} hasFiles */
function checkReport({ answer, maxConcurrent, tools }, hasFiles) {
  assert.deepEqual({ answer, maxConcurrent }, { answer: '42', maxConcurrent: 3 })
  assert.deepEqual(tools.pool, { a: 1 }, 'a call over a session')
  if (hasFiles) assert.deepEqual(tools.mcporter, { a: 1 }, 'a call through mcporter')
  else assert.match(tools.mcporter, LACKS)
}

/** @param {string} url @param {boolean} hasFiles */
async function checkRoutes(url, hasFiles) {
  const { semaphore } = await (await fetch(`${url}/processes`)).json()
  assert.equal(semaphore.maxConcurrent, 3)
  for (const [path, file] of [
    ['/dashboard', 'index.html'],
    ['/dashboard/app.js', 'app.js'],
  ]) {
    const answer = await fetch(url + path)
    const text = await answer.text()
    if (hasFiles) {
      assert.equal(answer.status, 200, text.slice(0, 300))
      assert.equal(text, readFileSync(join(root, 'lib', 'dashboard', file), 'utf8'))
    } else {
      assert.equal(answer.status, 501)
      const { code, message } = JSON.parse(text).error
      assert.equal(code, 'ERR_PACKAGE_FILE')
      assert.ok(message.includes(`copy node_modules/procward/lib/dashboard/${file}`), message)
    }
  }
}

/** The scanner's state of a process, from the outside. @param {number} pid */
async function stateOf(pid) {
  const args = [join(root, 'bin', 'procward.js'), 'ps', '--all', '--json']
  const found = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 26 }).catch(
    (error) => error,
  )
  const { processes } = JSON.parse(found.stdout)
  return processes.find((/** @type {any} */ process) => process.pid === pid)?.state
}

/** A configuration with a real MCP server, and mcporter. @param {string} place */
function mcpVariables(place) {
  const script = join(root, '__test__', 'fixtures', 'odd-server.mjs')
  const file = join(place, 'mcporter.json')
  const odd = { command: process.execPath, args: [script] }
  writeFileSync(
    file,
    `// As mcporter reads it.\n${JSON.stringify({ imports: [], mcpServers: { odd } })}`,
  )
  const CHECK_MCPORTER = fileURLToPath(import.meta.resolve('mcporter/cli'))
  return { CHECK_CONFIG: file, CHECK_MCPORTER }
}

/** Fetches as soon as the server listens. @param {string} url @param {() => boolean} hasExited */
async function fetchOnce(url, hasExited) {
  for (const end = Date.now() + LIMIT; ; ) {
    try {
      return await fetch(url)
    } catch (error) {
      if (hasExited()) throw new Error('the server has exited')
      if (Date.now() > end) throw error
      await sleep(100)
    }
  }
}

/** @param {number} pid */
async function untilGone(pid) {
  for (const end = Date.now() + LIMIT; ; ) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    assert.ok(Date.now() < end, 'the child outlives its server')
    await sleep(50)
  }
}
