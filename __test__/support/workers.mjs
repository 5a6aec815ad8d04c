// Pools of the worker in fixtures/line-worker.cjs, closed after each test.

import { afterEach } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ProcessPool } from '../../index.js'
import { assertNothingLeft } from './processes.mjs'

export const lineWorker = fileURLToPath(new URL('../fixtures/line-worker.cjs', import.meta.url))

const open = new Set()

/** A pool of them, that speak JSON unless said otherwise. */
export function workers({ mode = '', ...options } = {}) {
  const pool = new ProcessPool({
    command: process.execPath,
    args: [lineWorker, mode],
    json: true,
    ...options,
  })
  open.add(pool)
  return pool
}

/** Lets go of all pools without closing them. */
export function forgetAll() {
  open.clear()
}

/** Registers, for the tests of a file, that nothing is left after each. */
export function closeWorkersAfterEach() {
  afterEach(async () => {
    await Promise.all([...open].map((pool) => pool.close()))
    open.clear()
    assertNothingLeft()
  })
}

/** What a worker is asked. @param {string} command @param {unknown} [value] */
export function ask(command, value) {
  return { do: command, value }
}
