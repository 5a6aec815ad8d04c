// For how long a start holds up the event loop of a server with so much memory in Buffers.

import { shuffled } from '../support/order.mjs'
import { programOptions } from '../support/program.mjs'
import { Samples } from '../support/samples.mjs'
import { ways } from '../support/spawn-ways.mjs'
import { inParallel, usage } from '../support/usage.mjs'

const PAGE = 4096
const WIDTH = 3

const { rounds, mebibytes, calls } = programOptions()
const samples = new Samples(Object.keys(ways))
const buffers = Array.from({ length: mebibytes }, () => Buffer.alloc(2 ** 20, 1))

for (const way of Object.values(ways)) await way('/bin/true', [])
for (let round = 0; round < rounds; round++) {
  for (const name of shuffled(Object.keys(ways))) {
    // After a fork each page is copied when it is written to again: that is not what is measured.
    for (const buffer of buffers)
      for (let at = 0; at < buffer.length; at += PAGE) buffer[at] = round
    const { busy, gap, thread } = await usage(() =>
      inParallel(calls, WIDTH, () => ways[name]('/bin/true', [])),
    )
    samples.add(`event loop taken by a call, ${mebibytes} MiB`, name, busy / calls)
    samples.add(`CPU of the JavaScript thread a call, ${mebibytes} MiB`, name, thread / calls)
    samples.add(`longest gap, ${mebibytes} MiB`, name, gap)
  }
}
console.log(JSON.stringify(samples))
