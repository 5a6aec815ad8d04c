// Starts 100 commands at once, in a worker thread of a program without a timer, 1,000 times: none
// may stay pending. Once with `spawn()`, and once with `child_process` under `procward/register`.
// A watchdog ends a round that does not end by itself.

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { root } from '../steps.mjs'
import { Checks } from './support/checks.mjs'

const ROUNDS = 1000
const PARALLEL = 2
const WATCHDOG = 60_000
const worker = fileURLToPath(new URL('burst/worker.mjs', import.meta.url))
const register = join(root, 'lib', 'register.js')
const checks = new Checks()

await burst(`${ROUNDS} bursts of 100 commands all settle`, [worker, 'spawn'])
await burst(`${ROUNDS} bursts of 100 children of child_process all settle`, [
  ...['--require', register],
  ...[worker, 'child_process'],
])
checks.finish()

/** @param {string} name @param {string[]} args of Node.js */
async function burst(name, args) {
  let left = ROUNDS
  let guarded = 0
  const rounds = async () => {
    while (left-- > 0) {
      const options = { timeout: WATCHDOG, killSignal: /** @type {const} */ ('SIGKILL') }
      const { stdout } = await promisify(execFile)(process.execPath, [...args, root], options)
      const [settled, count = '0'] = stdout.trim().split(', ')
      if (settled !== '100 of 100') throw new Error(`a burst gave ${settled || 'nothing'}`)
      guarded += Number.parseInt(count, 10)
    }
  }
  await checks.check(name, async () => {
    await Promise.all(Array.from({ length: PARALLEL }, rounds))
    const load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0]
    const held = guarded === 0 ? '' : `${guarded} of ${ROUNDS * 100} below a warden, `
    return `${held}load at the end: ${load}`
  })
}
