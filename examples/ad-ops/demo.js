'use strict'

// `npm run demo`: starts the server, runs the lifecycle demo against it, shows its health, and
// stops it.

const { AdOpsClient } = require('./demo/ad-ops-client')
const processes = require('./demo/processes')
const { ServerProcess } = require('./demo/server-process')
const { lifecycleDemo } = require('./lifecycle-demo')
const { onStopSignal } = require('./stop-signals')

const interrupted = new AbortController()

/** Resolves with what went wrong, nothing if all went well. @returns {Promise<string[]>} */
async function demo() {
  const server = await ServerProcess.start()
  const client = new AdOpsClient(server.url, interrupted.signal)
  const found = []
  let children
  try {
    console.log(`The Ad Ops server is ready on ${server.url}`)
    const health = watchHealth(client)
    found.push(
      ...(await lifecycleDemo({ url: server.url, signal: interrupted.signal }).finally(
        health.stop,
      )),
    )
    console.log(
      `GET /api/health/processes, when it was busiest:\n${JSON.stringify(health.busiest, null, 2)}`,
    )
    found.push(...idleProblems(await client.processHealth()))
  } finally {
    children = await processes.descendants(server.pid)
    found.push(...endProblems(await server.stop()))
  }
  const alive = await Promise.all(children.map(processes.isAlive))
  const left = alive.filter(Boolean).length
  if (left > 0) found.push(`the server left ${left} processes behind`)
  return found
}

/**
 * Asks the server for its health every second, and keeps the answer with the most processes that
 * work, and of these the one with the most calls. A call that waits for its server's start has no
 * process yet.
 * @param {AdOpsClient} client
 */
function watchHealth(client) {
  const difference = (one, other) =>
    one.activeProcesses.count - other.activeProcesses.count || calls(one) - calls(other)
  const watch = { busiest: undefined, stop: () => clearInterval(timer) }
  const timer = setInterval(async () => {
    const health = await client.processHealth().catch(() => undefined)
    if (health && (!watch.busiest || difference(health, watch.busiest) > 0)) watch.busiest = health
  }, 1000)
  return watch
}

function calls({ semaphore: { current, queued } }) {
  return current + queued
}

function idleProblems({ semaphore, activeProcesses }) {
  const { current, queued } = semaphore
  const active = activeProcesses.processes.length
  if (current === 0 && queued === 0 && active === 0) return []
  return [`the server still reports ${current} calls, ${queued} queued, ${active} active`]
}

/** @param {{ code: number | null, signal: string | null }} end */
function endProblems({ code, signal }) {
  if (code === 0) return []
  return [
    `the server did not stop cleanly on SIGTERM within 5 s: exit code ${code}, signal ${signal}`,
  ]
}

async function main() {
  onStopSignal(() => interrupted.abort())
  try {
    const found = await demo()
    for (const problem of found) console.error(`❌ ${problem}`)
    console.log(
      found.length === 0
        ? '\n✅ Demo passed: every call was right, the limit held, the server stopped cleanly and left no process.'
        : `\n❌ Demo failed: ${found.length} ${found.length === 1 ? 'problem' : 'problems'}.`,
    )
    process.exitCode = found.length === 0 ? 0 : 1
  } catch (error) {
    console.error(
      interrupted.signal.aborted
        ? '\n❌ Demo interrupted; everything it started is stopped.'
        : error,
    )
    process.exitCode = interrupted.signal.aborted ? 130 : 1
  }
}

main()
