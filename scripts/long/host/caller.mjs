// A process that takes a shared slot again and again, holds it for a while, and logs the times of
// arrival, start and end on the monotonic clock. A start is logged at once, for a process that is
// killed.

import { openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { HostLimit } from '../../../lib/host-limit.js'

const { folder, slots, call, end, log } = JSON.parse(process.argv[2])
const limit = new HostLimit(slots, { limits: {}, folder })
const file = openSync(log, 'a')
const now = () => Number(process.hrtime.bigint()) / 1e6

while (now() < end) {
  const arrival = now()
  const request = { server: 'one', cost: 1, timeout: Infinity }
  const { release } = await limit.acquire(request, performance.now())
  writeSync(file, `${arrival} ${now()}`)
  await sleep(call)
  writeSync(file, ` ${now()}\n`)
  release()
}
