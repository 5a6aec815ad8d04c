// For how long `spawn` itself holds up the caller: the time until it returns, by Node.js's module
// and by procward's, with so much memory in Buffers.

import nodeModule from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { shuffled } from '../support/order.mjs'
import { programOptions } from '../support/program.mjs'
import { Samples } from '../support/samples.mjs'
import { median } from '../support/statistics.mjs'
import { threadCpu } from '../support/thread-cpu.mjs'

const PAGE = 4096
const procward = createRequire(import.meta.url)('../../lib/child_process.js')
const modules = { 'procward/child_process': procward, 'node:child_process': nodeModule }

const { rounds, mebibytes, calls } = programOptions()
const samples = new Samples(Object.keys(modules))
const buffers = Array.from({ length: mebibytes }, () => Buffer.alloc(2 ** 20, 1))

for (const module of Object.values(modules)) await starts(module)
for (let round = 0; round < rounds; round++) {
  for (const name of shuffled(Object.keys(modules))) {
    // After a fork each page is copied when it is written to again: that is not what is measured.
    for (const buffer of buffers)
      for (let at = 0; at < buffer.length; at += PAGE) buffer[at] = round
    const { took, cpu } = await starts(modules[name])
    samples.add(`spawn returns, ${mebibytes} MiB`, name, took)
    samples.add(`CPU of the JavaScript thread a spawn, ${mebibytes} MiB`, name, cpu)
  }
}
console.log(JSON.stringify(samples))

/** @param {typeof import('node:child_process')} module */
async function starts({ spawn }) {
  globalThis.gc()
  const took = []
  const before = threadCpu()
  for (let call = 0; call < calls; call++) {
    const start = performance.now()
    const child = spawn('/bin/true', [], { stdio: 'pipe' })
    took.push(performance.now() - start)
    await once(child, 'close')
  }
  return { took: median(took), cpu: (threadCpu() - before) / calls }
}
