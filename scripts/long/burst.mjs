// Starts 100 commands at once, in a worker thread of a program without a timer, 1,000 times: none
// may stay pending. A watchdog ends a round that does not end by itself.

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { root } from '../steps.mjs'
import { Checks } from './support/checks.mjs'

const ROUNDS = 1000
const PARALLEL = 2
const WATCHDOG = 60_000
const worker = fileURLToPath(new URL('burst/worker.mjs', import.meta.url))
const checks = new Checks()

let left = ROUNDS
await checks.check(`${ROUNDS} bursts of 100 commands all settle`, async () => {
  await Promise.all(Array.from({ length: PARALLEL }, rounds))
  return `load at the end: ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}`
})
checks.finish()

async function rounds() {
  while (left-- > 0) {
    const options = { timeout: WATCHDOG, killSignal: /** @type {const} */ ('SIGKILL') }
    const { stdout } = await promisify(execFile)(process.execPath, [worker, root], options)
    if (stdout.trim() !== '100 of 100')
      throw new Error(`a burst gave ${stdout.trim() || 'nothing'}`)
  }
}
