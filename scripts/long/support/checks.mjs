// One line for each check, as it ends, and their sum.

import { performance } from 'node:perf_hooks'

/** Thrown by a check that cannot be made here. */
export class Skip extends Error {}

export class Checks {
  #counts = { passed: 0, failed: 0, skipped: 0 }

  /**
   * Makes a check, or skips it when what it `needs`, the outcome of another, is not there.
   * @template T
   * @param {string} name
   * @param {(needed: any) => T | Promise<T>} body
   * @param {unknown}
   * [needs]
   * @returns {Promise<Awaited<T> | true | undefined>} what the body gives, or `true`; nothing if it
   *   did not pass
   */
  async check(name, body, needs = true) {
    if (!needs) return this.#tell('skipped', name, 'needs another check that did not pass')
    const start = performance.now()
    try {
      const outcome = (await body(needs)) ?? true
      const detail = typeof outcome === 'string' && !outcome.includes('/') ? outcome : ''
      this.#tell('passed', name, detail, start)
      return outcome
    } catch (error) {
      this.#tell(error instanceof Skip ? 'skipped' : 'failed', name, error.message, start)
    }
  }

  /** Prints the sum and ends this program. */
  finish() {
    console.log(this.sum())
    process.exit(this.#counts.failed ? 1 : 0)
  }

  /** Returns the counts as text, and notes a failure in this program's exit code. */
  sum() {
    const { passed, failed, skipped } = this.#counts
    if (failed > 0) process.exitCode = 1
    return `${passed} passed, ${failed} failed, ${skipped} skipped`
  }

  /**
   * @param {'passed' | 'failed' | 'skipped'} outcome
   * @param {string} name
   * @param {string} detail
   * @param {number} [start]
   */
  #tell(outcome, name, detail, start) {
    this.#counts[outcome]++
    const time =
      start === undefined ? '' : ` (${((performance.now() - start) / 1000).toFixed(1)} s)`
    console.log(`${outcome.padEnd(8)}${name}${detail && `: ${detail}`}${time}`)
  }
}
