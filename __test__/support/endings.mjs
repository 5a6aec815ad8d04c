// What a test begins, and has to end before its processes are counted.

import { afterEach } from 'node:test'
import { assertNothingLeft } from './processes.mjs'

/**
 * Ends all that a test of this file has begun, the latest first. After that no process may be left.
 * @returns {(end: () => unknown) => void} takes the end of what was begun
 */
export function endings() {
  /** @type {(() => unknown)[]} */
  const all = []
  afterEach(async () => {
    for (const end of all.splice(0).reverse()) await end()
    assertNothingLeft()
  })
  return (end) => {
    all.push(end)
  }
}
