// A process that takes slots of a fleet again and again in several loops, holds them for a while,
// and logs each step with its time on the monotonic clock. Steps are logged at once, for a process
// that is killed or stopped.
//
//   A number time                   a call asks
//   S number time fence ticket      it has its slots
//   E number time                   it ends
//   L number time                   it was told that its slots are lost, and ends
//   R number time                   it was refused, and asks again later

import { openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fleetLimit, take } from './limit.mjs'

const { url, slots, lease, call, callers, end, log, skew, block, onUnreachable } = JSON.parse(
  process.argv[2],
)
/** The time after which a refused call asks again, in ms. */
const AGAIN = 100

const now = () => Number(process.hrtime.bigint()) / 1e6
const file = openSync(log, 'a')
let last = 0

if (skew !== undefined) {
  const { now: real } = Date
  Date.now = () => real() + skew
}
const limit = fleetLimit(slots, { url, lease, onUnreachable })
if (block !== undefined) setTimeout(blockLoop, block.at)

await Promise.all(Array.from({ length: callers }, loop))
limit.close()
await limit.left()

async function loop() {
  while (now() < end) {
    const number = ++last
    note('A', number)
    const held = await take(limit).catch((error) => {
      if (error.code !== 'ERR_LIMIT_UNAVAILABLE') throw error
    })
    if (held === undefined) {
      note('R', number)
      await sleep(AGAIN)
      continue
    }
    note('S', number, held.fence ?? 0, held.ticket ?? 0)
    const lost = new Promise((resolve) => held.onLost(() => resolve('L')))
    note((await Promise.race([sleep(call, 'E'), lost])) === 'L' ? 'L' : 'E', number)
    held.release()
  }
}

function note(kind, number, ...more) {
  writeSync(file, `${[kind, number, now(), ...more].join(' ')}\n`)
}

function blockLoop() {
  const until = now() + block.time
  while (now() < until);
}
