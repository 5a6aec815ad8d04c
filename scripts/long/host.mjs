// Limits that the processes of a user share on one machine: never more calls at once than the
// limit, also while processes are killed, and waits in the order of arrival. The witness is this
// process, on the monotonic clock; it notes a kill before sending it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { figures } from './host/figures.mjs'
import { Checks } from './support/checks.mjs'

const SLOTS = 3
const CALL = 5
/** The longest that processes may take to end, in ms. */
const ENDING = 30_000
const caller = fileURLToPath(new URL('host/caller.mjs', import.meta.url))
const now = () => Number(process.hrtime.bigint()) / 1e6
const checks = new Checks()

await checks.check('4 processes, one killed every 200 ms: never more than 3 at once', async () => {
  const { most, silence, calls, kills } = await run({ processes: 4, seconds: 10, kill: 200 })
  if (most > SLOTS) throw new Error(`${most} at once`)
  if (silence > 100) throw new Error(`no call started for ${silence.toFixed(0)} ms`)
  return `${calls} calls, ${kills} kills, most at once ${most}, longest silence ${silence.toFixed(0)} ms`
})
await checks.check('16 processes: waits are short and in order', async () => {
  const { most, p99, overtaken, calls } = await run({ processes: 16, seconds: 10 })
  if (most > SLOTS) throw new Error(`${most} at once`)
  if (p99 > 120) throw new Error(`the 99th percentile of waits is ${p99.toFixed(0)} ms`)
  if (overtaken > 0.15) throw new Error(`${(overtaken * 100).toFixed(1)}% were overtaken`)
  return `${calls} calls, p99 of waits ${p99.toFixed(0)} ms, overtaken ${(overtaken * 100).toFixed(1)}%`
})
checks.finish()

/** Runs processes that call as fast as they can. */
async function run({ processes, seconds, kill }) {
  const folder = mkdtempSync(join(tmpdir(), 'procward-host-'))
  const start = now() + 1000
  const end = start + seconds * 1000
  /** @type {Map<import('node:child_process').ChildProcess, string>} */
  const running = new Map()
  /** The time of each kill, by log. @type {Map<string, number>} */
  const kills = new Map()
  const exits = []
  const add = () => {
    const log = join(folder, `log-${exits.length}`)
    const options = { folder: join(folder, 'slots'), slots: SLOTS, call: CALL, end, log }
    const child = spawn(process.execPath, [caller, JSON.stringify(options)], { stdio: 'inherit' })
    running.set(child, log)
    exits.push(once(child, 'exit'))
  }
  try {
    for (let number = 0; number < processes; number++) add()
    while (kill !== undefined && now() < end - 500) {
      await sleep(kill)
      const chosen = [...running.keys()][Math.floor(Math.random() * running.size)]
      kills.set(String(running.get(chosen)), now())
      running.delete(chosen)
      chosen.kill('SIGKILL')
      add()
    }
    await Promise.race([
      Promise.all(exits),
      sleep(seconds * 1000 + ENDING, undefined, { ref: false }).then(() => {
        throw new Error('a process did not end')
      }),
    ])
    const logs = readdirSync(folder).filter((name) => name.startsWith('log-'))
    const texts = logs.map((name) => {
      const log = join(folder, name)
      return { text: readFileSync(log, 'utf8'), killed: kills.get(log) }
    })
    return { ...figures(texts, { start, end }), kills: kills.size }
  } finally {
    for (const child of running.keys()) child.kill('SIGKILL')
    await Promise.all(exits)
    rmSync(folder, { recursive: true })
  }
}
