// Runs 44 commands of 80 to 270 MB in a control group of 1 GiB: a fixed number of slots gets
// commands killed, or is slow; `auto` is neither. Needs root, a control group for memory that may
// be divided, and the Rust compiler.

import { group } from './memory/group.mjs'
import { compiledHog } from './memory/hog.mjs'
import { workload } from './memory/workload.mjs'
import { Checks } from './support/checks.mjs'

const RUNS = 5
const MIB = 2 ** 20
const checks = new Checks()

const hog = await checks.check('the program that takes memory is compiled', compiledHog)
const place = await checks.check('a control group of 1 GiB is here', () => group(1024 * MIB), hog)
/** @param {string} mode */
const run = (mode) => workload(mode, place, hog)

await checks.check(
  '11 slots get commands killed, so the group is too small for them',
  control,
  place,
)
const slow = await checks.check('3 slots get none killed', fixed, place)
for (let at = 1; at <= RUNS; at++)
  await checks.check(`auto gets none killed and is as fast as 3 slots, run ${at}`, auto, slow)
if (place) place.remove()
checks.finish()

async function control() {
  const result = await run('11')
  if (result.killed === 0) throw new Error(`none was killed: ${text(result)}`)
  return text(result)
}

async function fixed() {
  const result = await run('3')
  if (result.done !== 44) throw new Error(text(result))
  console.log(text(result))
  return result
}

async function auto() {
  const result = await run('auto')
  const isFast = result.seconds <= slow.seconds
  if (result.done !== 44 || !isFast) throw new Error(text(result))
  return text(result)
}

/** @param {import('./memory/workload.mjs').Result} result */
function text({ done, killed, failed, most, seconds }) {
  const counts = `${done} done, ${killed} killed, ${failed} failed`
  return `${counts}, at most ${most} at once, in ${seconds.toFixed(1)} s`
}
