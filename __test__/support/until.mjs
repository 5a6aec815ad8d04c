import { setTimeout as sleep } from 'node:timers/promises'

const PAUSE = 10
/** No measurement, only an end to waiting: 30 s. */
const PAUSES = 3000

/**
 * Looks again and again until there is something, and gives it.
 * @template T @param {() => T | Promise<T>} look @returns {Promise<T>}
 */
export async function until(look) {
  for (let pause = 0; pause < PAUSES; pause++) {
    const found = await look()
    if (found) return found
    await sleep(PAUSE)
  }
  throw new Error(`gave up waiting until ${look}`)
}
