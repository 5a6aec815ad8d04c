// A helper with any number of calls and servers, as no machine could run them in a test.

const SERVERS = ['asana-v2', 'google-ads', 'meta-marketing-api', 'linkedin', 'everything']
const TOOLS = [
  'list_workspaces',
  'create_campaign_with_budget',
  'get',
  'search_all_accounts_by_name',
]

/** @param {number} at */
function serverName(at) {
  const name = SERVERS[at % SERVERS.length]
  return at < SERVERS.length ? name : `${name}-${Math.floor(at / SERVERS.length)}`
}

/**
 * A helper whose calls run at so many servers, two for each process. A tenth of them waits as well.
 * @param {{ calls: number, servers: number }} size
 */
export function busyHelper({ calls, servers }) {
  const began = Date.now()
  const queued = Math.floor(calls / 10)
  const call = (/** @type {number} */ at) => ({
    server: serverName(at % servers),
    tool: TOOLS[at % TOOLS.length],
    startTime: began - at * 700,
    duration: Date.now() - began + at * 700,
  })
  const list = (/** @type {number} */ length, /** @type {(at: number) => any} */ make) =>
    Array.from({ length }, (_, at) => make(at))
  return {
    getSemaphoreStatus: () => ({
      maxConcurrent: Math.max(calls, 3),
      current: calls,
      queued,
      available: 0,
      limitedBy: queued > 0 ? 'server' : null,
      reach: 'host',
      servers: list(servers, (at) => ({
        server: serverName(at),
        limit: at % 3 === 0 ? null : 5,
        rate: at % 4 === 1 ? { limit: 150, interval: 60_000, recent: 12 } : null,
        current: at % 6,
        queued: at % 7,
        pausedFor: at % 9 === 3 ? 95_000 : 0,
      })),
    }),
    getActiveProcesses: () => list(calls, (at) => ({ pid: 4000 + (at % servers), ...call(at) })),
    getQueuedCalls: () => list(queued, (at) => ({ ...call(at), waitsFor: 'server' })),
    getPoolStatus: () => ({
      maxSessions: 100,
      queued: 0,
      stats: { hits: 1, misses: 1, recycled: {} },
      sessions: list(servers, (at) => ({
        server: serverName(at),
        pid: 4000 + at,
        state: at % 4 === 0 ? 'idle' : 'busy',
        age: 600_000 + at * 100_000,
        idle: 0,
        uses: at * 13,
        inFlight: at % 5,
        memory: 50e6 + at * 7e6,
        garbage: 0,
      })),
    }),
  }
}
