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

const seconds = Number(process.env.FLEET_SECONDS ?? 60)
const only = process.env.FLEET_ONLY ?? ''

for (const kind of KINDS) {
  const missing = noRedis(kind)
  const runs = Object.entries(faults).map(([name, fault]) => [name, () => fault({ kind, seconds })])
  await group(kind, missing, runs)
}
await group('speed', noRedis(), Object.entries(speeds))

/**
 * Makes the checks of a group that were picked, and prints their sum.
 * @param {string} title
 * @param {string | false} missing - the reason for skipping them
 * @param {[string, () => Promise<string>][]} runs
 */
async function group(title, missing, runs) {
  const picked = runs.filter(([name]) => `${title}: ${name}`.includes(only))
  if (picked.length === 0) return
  const checks = new Checks()
  for (const [name, run] of picked) {
    await checks.check(`${title}: ${name}`, () => {
      if (missing) throw new Skip(missing)
      return run()
    })
    // The next run begins on a quiet machine.
    await sleep(500)
  }
  console.log(`${title.replace(' ', '-')}: ${checks.sum()}`)
}
