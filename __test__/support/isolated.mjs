// Tests that end processes for real get a PID namespace of their own. Outside of it they could end
// what other tests, or servers that died on this machine, have left, and other tests' scanners
// could end theirs.

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const MARK = 'procward-tests-of-their-own'
/** Pid 1 waits for orphans, which a Node.js process there would not do. */
const INIT = ['sh', '-c', '"$@"; exit $?', MARK]
/** No measurement, only an end to waiting: tests that hang are killed with their namespace. */
const timeout = 600_000

/**
 * Defines a file's tests in isolation: the file is run once more in there, below `node --test`.
 * @param {string} url the file
 * @param {() => void} define
 * @param {{ only?: boolean }} [options]
 *   `only` skips the tests where there can be no namespace, instead of running them here
 */
export function isolated(url, define, { only = false } = {}) {
  if (isInside()) return define()
  const way = [[], ['--user', '--map-root-user']].map(unshare).find(works)
  if (way)
    return test('in a PID namespace of its own', (t) => runInside(t, way, fileURLToPath(url)))
  if (only)
    return test('in a PID namespace of its own', { skip: 'this system lets nobody make one' })
  define()
}

function isInside() {
  if (process.platform !== 'linux') return false
  return readFileSync('/proc/1/cmdline', 'utf8').split('\0').includes(MARK)
}

/** @param {string[]} user */
function unshare(user) {
  return ['unshare', ...user, '--pid', '--fork', '--mount-proc', '--kill-child']
}

/** @param {string[]} way */
function works([command, ...args]) {
  return process.platform === 'linux' && spawnSync(command, [...args, 'true']).status === 0
}

/** @param {import('node:test').TestContext} t @param {string[]} way @param {string} file */
async function runInside(t, [command, ...args], file) {
  // Otherwise the inner run would report to the outer one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const inner = [...args, ...INIT, process.execPath, '--test', '--test-reporter=tap', file]
  const { failed, output } = await new Promise((resolve) => {
    execFile(command, inner, { env, timeout, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      resolve({ failed: error !== null, output: `${stdout}\n${stderr}` })
    })
  })
  assert.ok(!failed && /^# pass [1-9]/m.test(output), output)
  for (const line of output.match(/^ *(?:not )?ok .*/gm) ?? []) t.diagnostic(line.trim())
}
