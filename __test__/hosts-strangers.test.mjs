// Where `/proc` shows another PID namespace its numbers mean other processes. Nothing is ended
// there that is not ours, and all that is ours.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { describe, test } from 'node:test'
import { answerIn, serverIn, withArgument } from './support/in-host.mjs'
import { isolated } from './support/isolated.mjs'
import { until } from './support/until.mjs'

/** With the second the numbers of the first mean nothing. */
const HOSTS = /** @type {const} */ (['plain', 'foreign /proc', 'no /proc'])

/**
 * Calls that time out. Meanwhile the same server starts unrelated processes (strangers).
 */
const BESIDE_STRANGERS = `
  import { spawn } from 'node:child_process'
  import { setTimeout as sleep } from 'node:timers/promises'
  import { run } from 'procward'
  const script = 'trap "" TERM; setsid sleep 271828 & (setsid env -i sleep 271828 &) ; sleep 271828'
  const call = () => run('sh', ['-c', script], { timeout: 1500, killGrace: 100 }).catch(({ code }) => code)
  const calls = Array.from({ length: 6 }, call)
  await sleep(500)
  const strangers = Array.from({ length: 200 }, () => spawn('sleep', ['1000'], { stdio: 'ignore' }))
  let lost = 0
  for (const stranger of strangers) stranger.on('exit', () => lost++)
  const codes = await Promise.all(calls)
  await sleep(300)
  console.log(JSON.stringify({ codes, lost }))
  for (const stranger of strangers) stranger.removeAllListeners('exit').kill('SIGKILL')
`

/**
 * A server with trees that ignore SIGTERM, and have members in sessions of their own, without
 * parents and environments.
 */
const WITH_TREES = `
  import { spawn } from 'procward'
  const script = 'trap "" TERM; setsid sleep 314159 & (setsid env -i sleep 314159 &) ; echo up; sleep 314159'
  const lines = []
  for (let at = 0; at < 3; at++) {
    const child = spawn('sh', ['-c', script])
    child.on('line', (line) => lines.push(line) === 3 && console.log('up'))
    child.exited.catch(() => {})
  }
`

isolated(
  import.meta.url,
  () => {
    for (const host of HOSTS) {
      describe(`host: ${host}`, () => {
        test("a call's timeout kills its tree and no other process", async (t) => {
          const life = otherLife()
          t.after(() => life.forEach((shell) => void shell.kill('SIGKILL')))
          const answer = await answerIn(t, host, BESIDE_STRANGERS)
          if (answer === undefined) return
          assert.deepEqual(answer, { codes: Array(6).fill('ERR_CALL_TIMEOUT'), lost: 0 })
          assert.deepEqual(withArgument('271828'), [])
        })

        test("the server's death kills its trees", async (t) => {
          const server = await serverIn(t, host, WITH_TREES)
          if (server === undefined) return
          await until(() => withArgument('314159').length === 9)
          server.kill()
          await until(() => withArgument('314159').length === 0)
        })
      })
    }
  },
  { only: true },
)

/**
 * Parents with low numbers and children that came later: with these numbers a foreign `/proc`
 * answers.
 */
function otherLife() {
  const script = 'sleep 0.5; for i in 1 2 3 4 5 6; do sleep 1000 & done; wait'
  return Array.from({ length: 40 }, () => spawn('sh', ['-c', script], { stdio: 'ignore' }))
}
