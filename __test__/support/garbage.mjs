// Garbage, collected on demand.

import { setTimeout as sleep } from 'node:timers/promises'
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
    // A WeakRef that was looked at holds on until the next turn, and Node.js 26 runs finalizers
    // only when the event loop waits.
    await sleep(1)
    collectGarbage()
  }
  return reached()
}
