'use strict'

// `npm run demo:fleet`: starts Redis and two Ad Ops servers that share three slots, makes calls to
// both at once, and shows what both dashboards show.

const { AdOpsClient } = require('../ad-ops/demo/ad-ops-client')
const { campaign } = require('../ad-ops/demo/campaign')
const { ServerProcess } = require('../ad-ops/demo/server-process')
const { onStopSignal } = require('../ad-ops/stop-signals')
const { startRedis } = require('./redis')

const SLOTS = 3
const INTERVAL = 1000
const LEASE = 6000
const interrupted = new AbortController()

/** Resolves with the problems that were found. @returns {Promise<string[]>} */
async function demo() {
  const redis = await startRedis()
  /** @type {ServerProcess[]} */
  const servers = []
  try {
    const env = {
      MCP_LIMIT_URL: redis.url,
      MCP_LIMIT_LEASE: String(LEASE),
      MCP_MAX_CONCURRENT: String(SLOTS),
    }
    for (let number = 0; number < 2; number++) servers.push(await ServerProcess.start(env))
    const clients = servers.map(({ url }) => new AdOpsClient(url, interrupted.signal))
    console.log(`Two servers share ${SLOTS} slots, kept in ${redis.url}:`)
    for (const { url } of servers) console.log(`  ${url}/api/health/dashboard`)
    console.log(`Redis is new, so no call starts within the first ${LEASE / 1000} s.\n`)
    return await underLoad(clients)
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
    redis.stop()
  }
}

/** Makes the calls, and shows the servers until all are done. @param {AdOpsClient[]} clients */
async function underLoad(clients) {
  const calls = campaign('fleet').flatMap((phase) => phase.calls)
  let done = 0
  /** @type {number[]} */
  const inUse = []
  const shows = setInterval(async () => {
    const views = await Promise.all(clients.map((client) => client.processHealth())).catch(() => [])
    for (const [at, { semaphore }] of views.entries()) {
      console.log(line(`server ${at + 1}`, semaphore))
      if (semaphore.fleet?.use) inUse.push(semaphore.fleet.use.inUse)
    }
  }, INTERVAL)
  const made = clients.map((client) =>
    Promise.all(calls.map((call) => client.callTool(call).then(() => done++))),
  )
  await Promise.all(made).finally(() => clearInterval(shows))
  const most = Math.max(0, ...inUse)
  console.log(`\n${done} calls, at most ${most} of ${SLOTS} slots in use in all samples`)
  return most > SLOTS ? [`${most} slots were in use at once`] : []
}

/** @param {string} name @param {any} semaphore */
function line(name, { current, queued, fleet }) {
  const { use, mode, processes, host, pid } = fleet
  const whole = use ? `${use.inUse} of ${use.limit} in use, ${use.waiting} waiting` : mode
  return `${name} (${host}:${pid}): ${current} running, ${queued} waiting | fleet of ${processes}: ${whole}`
}

onStopSignal(() => interrupted.abort(new Error('interrupted')))
demo().then(
  (problems) => {
    for (const problem of problems) console.error(`problem: ${problem}`)
    process.exitCode = problems.length === 0 ? 0 : 1
  },
  (error) => {
    console.error(error.message)
    process.exitCode = 1
  },
)
