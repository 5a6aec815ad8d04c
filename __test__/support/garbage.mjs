// Garbage, collected on demand.

import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
export const collectGarbage = runInNewContext('gc')

/**
 * Collects garbage until `reached`, or for so long that it never will be.
 * @param {() => boolean} reached
 */
export async function collectUntil(reached) {
  for (let round = 0; round < 50 && !reached(); round++) {
    await turn() // in between, because a WeakRef that was looked at holds on until the next turn
    collectGarbage()
  }
  return reached()
}
