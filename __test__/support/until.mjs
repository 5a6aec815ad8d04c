import { setTimeout as sleep } from 'node:timers/promises'

const PAUSE = 10
/** No measurement, only an end to waiting: 120 s. */
const PAUSES = 12_000

/**
 * Looks again and again until the look finds something; returns what was found.
 * @template T
 * @param {() => T | Promise<T>} look
 * @returns {Promise<T>}
 */
export async function until(look) {
  for (let pause = 0; pause < PAUSES; pause++) {
    const found = await look()
    if (found) return found
    await sleep(PAUSE)
  }
  throw new Error(`gave up waiting until ${look}`)
}
