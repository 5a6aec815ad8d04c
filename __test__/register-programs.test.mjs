// `--require procward/register` with programs that start servers: Node.js's own and npm.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, afterEach, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isAlive, noProcessList, nothingLeft } from './support/processes.mjs'
import { until } from './support/until.mjs'

const skip = process.platform === 'linux' ? noProcessList : 'children are guarded on Linux'
const registerFile = fileURLToPath(new URL('../lib/register.js', import.meta.url))
/** @type {string} */
let folder

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'procward-programs-'))
})
after(() => rmSync(folder, { recursive: true }))
afterEach(nothingLeft)

/**
 * Writes a program and starts it, with the flag for every Node.js below.
 * @param {string} name
 * @param {string} text
 * @param {string[]} [args]
 */
function started(name, text, args = []) {
  const file = join(folder, name)
  writeFileSync(file, text)
  const { NODE_TEST_CONTEXT: _, ...own } = process.env
  const child = spawn(process.execPath, [...args, file], {
    cwd: folder,
    env: { ...own, NODE_OPTIONS: `--require "${registerFile}"` },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  return { file, child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
}

/** Waits for the next line that names pids. @param {AsyncIterator<string>} lines */
async function pidsOf(lines) {
  for (;;) {
    const { value, done } = await lines.next()
    assert.ok(!done, 'the program ended')
    const found = /^up (\d+) (\d+)$/.exec(value)
    if (found) return { server: Number(found[1]), child: Number(found[2]) }
  }
}

const SERVER = `const child = require('child_process').spawn('sleep', ['300'])
  child.on('spawn', () => console.log('up', process.pid, child.pid))
  setInterval(() => {}, 1000)`

describe('a registered server', { skip }, () => {
  test('below node --watch leaves no child at a restart, nor at the end', async () => {
    const { file, child, lines } = started('watched.cjs', SERVER, ['--watch'])
    const first = await pidsOf(lines)
    // The watcher may not watch the file yet.
    const timer = setInterval(() => appendFileSync(file, '\n// changed'), 1000)
    const second = await pidsOf(lines)
    clearInterval(timer)
    assert.notEqual(first.server, second.server)
    await until(() => !isAlive(first.child))
    child.kill('SIGINT')
    await once(child, 'close')
    await until(() => !isAlive(second.server) && !isAlive(second.child))
  })

  test('gets the exit code of npm run, and ends the tree of a script', async () => {
    const scripts = { fails: 'exit 5', serve: 'node server.cjs' }
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, scripts }))
    writeFileSync(join(folder, 'server.cjs'), SERVER)
    const text = `const { spawn } = require('child_process')
      const npm = (script) =>
        spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'inherit'] })
      npm('fails').on('close', (code) => {
        console.log('code', code)
        const serving = npm('serve').on('close', (...how) => console.log('closed', ...how))
        serving.stdout.on('data', (line) => {
          process.stdout.write(line)
          serving.kill()
        })
      })`
    const { child, lines } = started('starter.cjs', text)
    assert.equal((await lines.next()).value, 'code 5')
    const { server, child: grandchild } = await pidsOf(lines)
    assert.match((await lines.next()).value, /^closed (null SIGTERM|\d+ null)$/)
    await once(child, 'close')
    await until(() => !isAlive(server) && !isAlive(grandchild))
  })
})
