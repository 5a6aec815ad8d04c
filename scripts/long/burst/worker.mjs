// Starts 100 commands at once in a worker thread, without a timer in the host, and ends when all
// have settled. The thread's main program does nothing but wait.

import { createRequire } from 'node:module'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'

const BURST = 100

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { argv: [process.argv[2]] })
  worker.once('message', (settled) => console.log(settled))
  worker.once('error', (error) => {
    throw error
  })
} else {
  const { spawn } = createRequire(import.meta.url)(process.argv[2])
  const all = Array.from({ length: BURST }, () => spawn('true', []).exited)
  const settled = await Promise.allSettled(all)
  const done = settled.filter(({ status }) => status === 'fulfilled').length
  parentPort?.postMessage(`${done} of ${settled.length}`)
}
