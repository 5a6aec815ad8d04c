// One process for each limiter, all alive for the whole suite; one works at a time.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** Ms for one measurement; the longest takes a sixth of it. */
const TOO_LONG = 120_000

const program = fileURLToPath(new URL('../../programs/limiter.mjs', import.meta.url))

/** @param {string} name */
export function worker(name) {
  const child = fork(program, [name], { execArgv: ['--expose-gc'] })
  return {
    /** @param {string} scenario @param {number} size @returns {Promise<Record<string, number>>} */
    async measure(scenario, size) {
      const over = new AbortController()
      const ended = once(child, 'exit', over).then(([code, signal]) => {
        throw new Error(`${name} ended in the middle of ${scenario} with ${signal ?? code}`)
      })
      const late = sleep(TOO_LONG, undefined, over).then(() => {
        throw new Error(`${name} does not get through ${scenario} of ${size}`)
      })
      try {
        const answered = once(child, 'message', over)
        child.send({ scenario, size })
        const [figures] = await Promise.race([answered, ended, late])
        return figures
      } finally {
        over.abort()
      }
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}
