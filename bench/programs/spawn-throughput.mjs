// How many trivial commands a second, and what each costs.

import assert from 'node:assert/strict'
import { floor } from '../support/floor.mjs'
import { shuffled } from '../support/order.mjs'
import { programOptions } from '../support/program.mjs'
import { Samples } from '../support/samples.mjs'
import { ways } from '../support/spawn-ways.mjs'
import { inParallel, usage } from '../support/usage.mjs'

/** The column of the C program. */
const FLOOR = 'posix_spawn in C'

const { rounds, widths, calls, growth } = programOptions()
const samples = new Samples([...Object.keys(ways), FLOOR])
const floorOf = floor()

for (const [name, way] of Object.entries(ways)) await measure(name, way, 3)
for (let round = 0; round < rounds; round++) {
  for (const width of widths) {
    for (const name of shuffled(Object.keys(ways))) {
      const { wall, cpu, children } = await measure(name, ways[name], width)
      samples.add(`${width} in parallel`, name, (calls / wall) * 1000)
      samples.add(`CPU a call, ${width} in parallel`, name, cpu / calls)
      samples.add(`of that in child processes, ${width} in parallel`, name, children / calls)
    }
    const callsPerSecond = floorOf(calls, width, '/bin/echo', 'hello')
    samples.add(`${width} in parallel`, FLOOR, callsPerSecond)
  }
  for (const count of growth) {
    const { wall } = await usage(() => inParallel(count, count, () => echo(ways.procward)))
    samples.add(`${count} at once`, 'procward', wall)
  }
}
console.log(JSON.stringify(samples))

/**
 * @param {string} name
 * @param {import('../support/spawn-ways.mjs').Way} way
 * @param {number} width
 */
async function measure(name, way, width) {
  globalThis.gc()
  return usage(() => inParallel(calls, width, () => echo(way, name)))
}

/** @param {import('../support/spawn-ways.mjs').Way} way @param {string} [name] */
async function echo(way, name) {
  const output = await way('/bin/echo', ['hello'])
  assert.equal(output.trim(), 'hello', name)
}
