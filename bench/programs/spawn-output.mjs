// A command that writes much, as text.

import assert from 'node:assert/strict'
import { shuffled } from '../support/order.mjs'
import { programOptions } from '../support/program.mjs'
import { Samples } from '../support/samples.mjs'
import { ways } from '../support/spawn-ways.mjs'
import { usage } from '../support/usage.mjs'

const { rounds, bytes } = programOptions()
const samples = new Samples(Object.keys(ways))

for (let round = 0; round < rounds; round++) {
  for (const name of shuffled(Object.keys(ways))) {
    globalThis.gc()
    const { wall, cpu, gap } = await usage(async () => {
      const output = await ways[name]('head', ['-c', String(bytes), '/dev/zero'])
      assert.equal(output.length, bytes)
    })
    samples.add('100 MB of output', name, wall)
    samples.add('CPU for 100 MB of output', name, cpu)
    samples.add('longest gap, 100 MB of output', name, gap)
  }
}
console.log(JSON.stringify(samples))
