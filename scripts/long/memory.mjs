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
/** @type {{ slots: number[], auto: number[] }} */
const seconds = { slots: [], auto: [] }
// In turn, because the machine may be slower at one time than at another.
for (let at = 1; at <= RUNS; at++) {
  await checks.check(
    `3 slots get none killed, run ${at}`,
    () => complete('3', seconds.slots),
    place,
  )
  await checks.check(
    `auto gets none killed, run ${at}`,
    () => complete('auto', seconds.auto),
    place,
  )
}
await checks.check('auto takes no more time than 3 slots', compare, place)
if (place) place.remove()
checks.finish()

async function control() {
  const result = await run('11')
  if (result.killed === 0) throw new Error(`none was killed: ${text(result)}`)
  return text(result)
}

/** @param {string} mode @param {number[]} seconds */
async function complete(mode, seconds) {
  const result = await run(mode)
  if (result.done !== 44) throw new Error(text(result))
  seconds.push(result.seconds)
  return text(result)
}

function compare() {
  const [slots, auto] = [median(seconds.slots), median(seconds.auto)]
  const found = `medians ${auto.toFixed(1)} and ${slots.toFixed(1)} s`
  if (!(auto <= slots)) throw new Error(found)
  return found
}

/** @param {number[]} values */
function median(values) {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN
}

/** @param {import('./memory/workload.mjs').Result} result */
function text({ done, killed, failed, most, seconds }) {
  const counts = `${done} done, ${killed} killed, ${failed} failed`
  return `${counts}, at most ${most} at once, in ${seconds.toFixed(1)} s`
}
