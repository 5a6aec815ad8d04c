// Starts 100 commands at once in a worker thread, without a timer in the host, and ends when all
// have settled. The thread's main program does nothing but wait.
// `worker.mjs spawn|child_process ROOT`

import node from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'

const BURST = 100
const [way, root] = process.argv.slice(2)

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { argv: [way, root] })
  worker.once('message', (settled) => console.log(settled))
  worker.once('error', (error) => {
    throw error
  })
} else {
  const require = createRequire(import.meta.url)
  const start = way === 'spawn' ? procward(require(root)) : childProcess
  const settled = await Promise.allSettled(Array.from({ length: BURST }, start))
  const done = settled.filter(({ status }) => status === 'fulfilled').length
  const text = `${done} of ${settled.length}`
  parentPort?.postMessage(way === 'spawn' ? text : `${text}, ${guarded(require)} below a warden`)
}

/** @param {typeof import('../../../index.js')} procward */
function procward({ spawn }) {
  return () => spawn('true', []).exited
}

async function childProcess() {
  const [code] = await once(node.spawn('true'), 'close')
  if (code !== 0) throw new Error(`the child has exited with ${code}`)
}

/** Counts the children of this thread that a warden holds. @param {NodeJS.Require} require */
function guarded(require) {
  return require(`${root}/lib/child-process/counts.js`).childCounts().guarded
}
