// Limits of a fleet on Redis 7.0, Redis 6.2 and Valkey 9: never more calls at once than the limit
// through kills, restarts, flushes, failovers, cut connections, wrong clocks, blocked event loops
// and stopped processes; and its speed beside redis-semaphore and bottleneck. The witness is this
// process, on the monotonic clock; it notes a kill before sending it. FLEET_SECONDS=10 shortens
// each run, FLEET_ONLY=WORDS picks some.

import { setTimeout as sleep } from 'node:timers/promises'
import { KINDS, noRedis } from '../../__test__/support/redis.mjs'
import { faults } from './fleet/faults.mjs'
import { speeds } from './fleet/speed.mjs'
import { Checks, Skip } from './support/checks.mjs'

const checks = new Checks()
const seconds = Number(process.env.FLEET_SECONDS ?? 60)
const only = process.env.FLEET_ONLY

for (const kind of KINDS) {
  for (const [name, fault] of Object.entries(faults)) {
    if (only !== undefined && !`${kind}: ${name}`.includes(only)) continue
    await checks.check(`${kind}: ${name}`, async () => {
      const missing = noRedis(kind)
      if (missing) throw new Skip(missing)
      return fault({ kind, seconds })
    })
    // The next run begins on a quiet machine.
    await sleep(500)
  }
}
for (const [name, speed] of Object.entries(speeds)) {
  if (only !== undefined && !name.includes(only)) continue
  await checks.check(name, () => {
    const missing = noRedis()
    if (missing) throw new Skip(missing)
    return speed()
  })
}
checks.finish()
