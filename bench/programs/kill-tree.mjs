// Ending a tree of so many processes. Inside a PID namespace of its own.

import { spawn as nodeSpawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { execa } from 'execa'
import fkill from 'fkill'
import treeKill from 'tree-kill'
import { alive, below, dispose, living, until } from '../../faults/support/processes.mjs'
import { spawn } from '../../index.js'
import { shuffled } from '../support/order.mjs'
import { programOptions } from '../support/program.mjs'
import { Samples } from '../support/samples.mjs'

const { rounds, size, growth } = programOptions()
/** Who has not gone by then, in ms, is left. */
const PATIENCE = 1500
/** A shell with as many processes below it as each of those has children. */
const SCRIPT = `
  twig() { n=0; while [ $n -lt $1 ]; do sleep 100000 & n=$((n + 1)); done; exec sleep 100000; }
  left=$(($0 - 1)); each=$1
  while [ $left -gt 0 ]; do
    now=$each; [ $now -gt $left ] && now=$left
    twig $((now - 1)) & left=$((left - now))
  done; wait`

/**
 * Each starts a tree and tells how it is ended.
 * @type {Record<string, (args: string[]) => Promise<{ pid: number, end: () => unknown }>>}
 */
const ways = {
  'procward, killGrace: 1': async (args) => tracked(args, { killGrace: 1 }),
  procward: async (args) => tracked(args, {}),
  'tree-kill': async (args) => {
    const { pid } = started(nodeSpawn('sh', args, { stdio: 'ignore' }))
    return { pid, end: () => promisify(treeKill)(pid, 'SIGKILL') }
  },
  fkill: async (args) => {
    const { pid } = started(nodeSpawn('sh', args, { stdio: 'ignore' }))
    return { pid, end: () => fkill(pid, { force: true, tree: true }) }
  },
  execa: async (args) => {
    const child = started(execa('sh', args, { stdio: 'ignore', reject: false }))
    return { pid: child.pid, end: () => child.kill('SIGKILL') }
  },
  'process group': async (args) => {
    const { pid } = started(nodeSpawn('sh', args, { stdio: 'ignore', detached: true }))
    return { pid, end: () => process.kill(-pid, 'SIGKILL') }
  },
}

const samples = new Samples(Object.keys(ways))
for (let round = 0; round < rounds; round++) {
  for (const name of shuffled(Object.keys(ways))) await measure(name, size, `all of ${size} dead`)
  for (const count of growth) await measure('procward', count, `all of ${count} dead`)
}
console.log(JSON.stringify(samples))

/** @param {string} name @param {number} count @param {string} what */
async function measure(name, count, what) {
  const { pid, end } = await ways[name]([
    '-c',
    SCRIPT,
    String(count),
    String(Math.ceil(Math.sqrt(count))),
  ])
  let tree = []
  const whole = await until(() => {
    const all = living()
    tree = [...all.filter((process) => process.pid === pid), ...below(all, [pid])]
    return tree.length === count
  })
  if (!whole) throw new Error(`${name}: a tree of ${count} processes has ${tree.length}`)
  const start = performance.now()
  const ended = (async () => end())()
  const settled = ended.then(() => performance.now() - start)
  samples.add(what, name, (await haveGone(tree)) ? performance.now() - start : Infinity)
  samples.add(`left of ${count}`, name, alive(tree).length)
  await dispose(tree)
  samples.add(`settled, ${count}`, name, await settled)
}

/** @param {import('../../faults/support/processes.mjs').Process[]} tree */
async function haveGone(tree) {
  const end = performance.now() + PATIENCE
  // One after the other, and no more often than need be: who looks takes processors from those that
  // are to die.
  for (const process of tree) {
    while (alive([process]).length > 0) {
      if (performance.now() > end) return false
      await sleep(1)
    }
  }
  return true
}

/** @param {string[]} args @param {{ killGrace?: number }} options */
async function tracked(args, options) {
  const child = spawn('sh', args)
  child.exited.catch(() => {})
  await once(child, 'spawn')
  return { pid: Number(child.pid), end: () => child.kill(options) }
}

/**
 * It is not waited for.
 * @template {import('node:child_process').ChildProcess} T
 * @param {T} child
 */
function started(child) {
  child.unref()
  return child
}
