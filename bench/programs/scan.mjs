// Looking at all processes, where there are so many. Inside a PID namespace of its own.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import find from 'find-process'
import pidusage from 'pidusage'
import psList from 'ps-list'
import si from 'systeminformation'
import { requireNamespace } from '../../faults/support/namespace.mjs'
import { CleanupScanner } from '../../index.js'
import { shuffled } from '../support/order.mjs'
import { programOptions } from '../support/program.mjs'
import { Samples } from '../support/samples.mjs'
import { usage } from '../support/usage.mjs'

requireNamespace()
const { rounds, processes, repeated } = programOptions()
/** systeminformation answers from memory when it is asked again before that, in ms. */
const FORGETS = 600

const scanner = new CleanupScanner()
/**
 * The last process carries the tag of somebody else's tree: a scan that names it has come to the
 * end.
 */
const TAG = '00000000-0000-0000-0000-000000000000.1.1:4242:1:0000000000000001:1'

/** Each: how many processes it saw. @type {Record<string, () => Promise<number>>} */
const ways = {
  procward: async () => {
    const { skipped } = await scanner.cleanupAll({ dryRun: true })
    return skipped.some(({ name }) => name === 'sleep') ? processes : 0
  },
  'ps-list': async () => (await psList()).length,
  'find-process': async () => (await find('name', '')).length,
  pidusage: async () => Object.keys(await pidusage(pids())).length,
  systeminformation: async () => (await si.processes()).list.length,
}

await startSleepers(processes - pids().length - 1)
for (const way of Object.values(ways)) await way()
const samples = new Samples(Object.keys(ways))
for (let round = 0; round < rounds; round++) {
  for (const name of shuffled(Object.keys(ways))) {
    if (name === 'systeminformation') await sleep(FORGETS)
    globalThis.gc()
    let seen = 0
    const { wall, cpu, gap } = await usage(async () => {
      seen = await ways[name]()
    })
    assert.ok(seen >= processes, `${name} saw ${seen} of ${processes} processes`)
    samples.add(`${processes} processes`, name, wall)
    samples.add(`CPU, ${processes} processes`, name, cpu)
    samples.add(`longest gap, ${processes} processes`, name, gap)
  }
}
samples.add(`a scan a minute, ${processes} processes`, 'procward', await steadyCost(repeated))
console.log(JSON.stringify(samples))

function pids() {
  return readdirSync('/proc').filter(Number)
}

/** @param {number} count */
async function startSleepers(count) {
  const script =
    'i=0; while [ $i -lt $0 ]; do sleep 100000 & i=$((i + 1)); done; PROCWARD_TAG=$1 sleep 100000'
  spawn('sh', ['-c', script, String(count), TAG], { stdio: 'ignore' }).unref()
  while (pids().length < processes) await sleep(20)
}

/**
 * In ms of CPU: what a scanner takes that scans by itself, for each of its scans.
 * @param {number} scans
 */
async function steadyCost(scans) {
  const regular = new CleanupScanner({ interval: 100 })
  const count = () => regular.getStats().stats.scans
  const { cpu } = await usage(async () => {
    regular.start()
    while (count() < scans) await sleep(50)
    regular.stop()
  })
  return cpu / count()
}
