// What a process does in a minute in which nothing is asked of it: CPU time in ms, and its threads.

import { existsSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const [way, ms] = process.argv.slice(2)

const ways = {
  async nothing() {},
  async required() {
    await import('../../index.js')
  },
  /** After a call, with the scanner started, which looks once a minute. */
  async scanning() {
    const { cleanup, run } = await import('../../index.js')
    await run(process.execPath, ['--version'])
    cleanup.start()
  },
}

await ways[way]()
// What the start leaves to do is not idleness: compiling what has run often, and V8's looks for
// garbage after 8 and 16 s without work, 10 to 30 ms together whatever was loaded (`--trace-gc`
// shows them).
await sleep(20_000)
const before = process.cpuUsage()
await sleep(Number(ms))
const { user, system } = process.cpuUsage(before)
const tasks = '/proc/self/task'
console.log(
  JSON.stringify({
    cpu: (user + system) / 1000,
    threads: existsSync(tasks) ? readdirSync(tasks).length : null,
  }),
)
process.exit()
