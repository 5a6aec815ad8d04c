'use strict'

// One helper: a queue, sessions with servers, and mcporter for what they cannot do.

const { areWaitsHeard, tellCall, tellWait } = require('../diagnostics/calls')
const { closeAtShutdown, isClosing } = require('../lifecycle')
const { McpPool } = require('../mcp/pool')
const { recordAnswer, recordFailure, recordRejection, recordWait } = require('../metrics/record')
const { Semaphore } = require('../semaphore')
const { Runner } = require('../process/runner')
const { encodeArguments, serverName, toolName } = require('./arguments')
const { Mcporter } = require('./cli')
const { explained, isUnusable, named } = require('./failure')
const { callOptions, helperOptions, listOptions } = require('./options')
const { ProcessCalls } = require('./process-calls')
const { mcporterServers } = require('./servers')
const { SessionCalls } = require('./session-calls')

/** The tool name under which listing a server's tools is tracked: mcporter's own name for it. */
const LIST_TOOLS = 'list_tools'

/** What a server answers that takes no session of ours but may take mcporter's. */
const ONLY_MCPORTER = new Map([
  ['ERR_UNAUTHORIZED', 'oauth'],
  ['ERR_NOT_STREAMABLE', 'sse'],
])

/**
 * @typedef {import('./failure').Call & { queueTimeout?: number }} Request
 * @typedef {import('../mcp/servers').Route} Route
 */

/** @type {typeof import('../mcp-helper').createMcpHelper} */
function createMcpHelper(options) {
  const settings = helperOptions(options)
  const { maxConcurrent, queueTimeout, maxQueue } = settings
  const semaphore = new Semaphore(maxConcurrent, { queueTimeout, maxQueue })
  closeAtShutdown(semaphore)
  const runner = new Runner()
  const byProcess = new ProcessCalls(new Mcporter(runner, settings.mcporter, ofServer))
  const pool = new McpPool(settings.pool, mcporterServers(settings.mcporter))
  const bySession = new SessionCalls(pool)
  /**
   * Servers that showed that only mcporter can speak to them, and why.
   * @type {Map<string, string>}
   */
  const refused = new Map()
  /** @type {Promise<void> | undefined} */
  let closing

  /** @type {import('../mcp-helper').McpHelper['callToolAsync']} */
  async function callToolAsync(server, tool, args = {}, options) {
    const { rejectOnError, ...call } = checkedCall(server, tool, args, options)
    if (tool === LIST_TOOLS) {
      return inSlot(
        call,
        async (deadline) =>
          (await routed(call, deadline, (calls, route) => calls.list(call, deadline, route))).value,
      )
    }
    return orToolError(
      rejectOnError,
      inSlot(call, (deadline) =>
        routed(call, deadline, (calls, route) => calls.call(call, deadline, route)),
      ),
    )
  }

  /** @type {import('../mcp-helper').McpHelper['callToolRaw']} */
  async function callToolRaw(server, tool, args = {}, options) {
    const { rejectOnError, ...call } = checkedCall(server, tool, args, options)
    return orToolError(
      rejectOnError,
      inSlot(call, (deadline) =>
        routed(call, deadline, (calls, route) => calls.callRaw(call, deadline, route)),
      ),
    )
  }

  /** @type {import('../mcp-helper').McpHelper['listToolsAsync']} */
  async function listToolsAsync(server, options) {
    const { timeout = settings.listTimeout, ...rest } = listOptions(options)
    const call = { ...rest, timeout, server: serverName(server), tool: LIST_TOOLS }
    return inSlot(call, async (deadline) => {
      return (await routed(call, deadline, (calls, route) => calls.list(call, deadline, route)))
        .tools
    })
  }

  /** @param {string} server @param {string} tool @param {object} args @param {unknown} options */
  function checkedCall(server, tool, args, options) {
    const {
      timeout = settings.callTimeout,
      rejectOnError = settings.rejectOnError,
      ...rest
    } = callOptions(options)
    const names = { server: serverName(server), tool: toolName(tool) }
    return { ...rest, ...names, timeout, rejectOnError, json: encodeArguments(args) }
  }

  /**
   * Does the work the way that is meant for the call's server, or through mcporter when the server
   * shows that only mcporter can.
   * @template T @param {Request} call @param {number} deadline @param {(calls: ProcessCalls |
   * SessionCalls, route?: Route) => Promise<T>} work @returns {Promise<T>}
   */
  async function routed(call, deadline, work) {
    const { server } = call
    const wanted = settings.transports.get(server) ?? settings.transport
    if (wanted === 'mcporter') return throughMcporter(call, deadline, work)
    const route = await pool.route(call, deadline)
    if (wanted === 'pool' || isUnusable(route?.needs)) return work(bySession, route)
    if (route?.needs !== undefined || refused.has(server))
      return throughMcporter(call, deadline, work)
    return work(bySession, route).catch((error) => {
      const reason = ONLY_MCPORTER.get(error.code)
      if (reason === undefined) throw error
      // It was refused before it could be called.
      refused.set(server, reason)
      return throughMcporter(call, deadline, work)
    })
  }

  /**
   * mcporter's own words leave out what the configuration says.
   * @template T
   * @param {Request} call
   * @param {number} deadline
   * @param {(calls: ProcessCalls) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async function throughMcporter(call, deadline, work) {
    const configuration = await pool.configuration(call, deadline)
    return work(byProcess).catch((error) => {
      throw explained(error, { ...configuration, routes: pool.routes(), server: call.server })
    })
  }

  /**
   * Returns what a process of mcporter has to know of a server.
   * @param {string} server
   * @returns {import('./cli').OfServer}
   */
  function ofServer(server) {
    const { maxBuffer, killGrace } = settings.pool.servers[server] ?? {}
    const own = { ...(maxBuffer && { maxBuffer }), ...(killGrace && { killGrace }) }
    return { variables: pool.known(server)?.variables, ...own }
  }

  /**
   * @template T
   * @param {Request} call
   * @param {(deadline: number) => Promise<T>} work
   * @returns {Promise<T>}
   */
  function inSlot(call, work) {
    return tellCall(call, (id) => inItsTurn(call, id, work))
  }

  /**
   * @template T
   * @param {Request} call
   * @param {number} id
   * @param {(deadline: number) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async function inItsTurn(call, id, work) {
    const wait = { timeout: call.queueTimeout, signal: call.signal }
    const queued = performance.now()
    const release = await slot(call, id, wait).catch((error) => {
      recordRejection(error)
      throw named(call, error)
    })
    const began = performance.now()
    recordWait(began - queued)
    try {
      const answer = await work(began + call.timeout)
      recordAnswer(call, began)
      return answer
    } catch (error) {
      recordFailure(call, error, began)
      throw error
    } finally {
      release()
    }
  }

  /**
   * @param {Request} call
   * @param {number} id
   * @param {{ timeout?: number, signal?: AbortSignal }} wait
   */
  function slot(call, id, wait) {
    if (!areWaitsHeard()) return semaphore.acquire(wait)
    return tellWait({ ...call, id }, semaphore.getStatus(), () => semaphore.acquire(wait))
  }

  /** @type {import('../mcp-helper').McpHelper['getReadiness']} */
  function getReadiness() {
    if (closing !== undefined || isClosing()) return { ready: false, reason: 'draining' }
    const full = semaphore.getStatus().queued >= maxQueue
    return full ? { ready: false, reason: 'queue-full' } : { ready: true, reason: null }
  }

  /** @type {import('../mcp-helper').McpHelper['getPoolStatus']} */
  function getPoolStatus() {
    const servers = pool.routes().map((route) => {
      const { name } = route
      const needs = route.needs ?? refused.get(name)
      const problem = route.reason ?? null
      const wanted = settings.transports.get(name) ?? settings.transport
      if (wanted === 'mcporter') return { name, transport: wanted, reason: 'chosen', problem }
      const isMcporters = needs !== undefined && wanted === 'auto' && !isUnusable(needs)
      return { name, transport: isMcporters ? 'mcporter' : 'pool', reason: needs ?? null, problem }
    })
    return /** @type {any} */ ({ ...pool.getStatus(), servers })
  }

  /** @type {import('../mcp-helper').McpHelper['getActiveProcesses']} */
  function getActiveProcesses() {
    const all = [...runner.getActiveProcesses(), ...pool.getActiveCalls()]
    return all.sort((one, other) => one.startTime - other.startTime)
  }

  return {
    callToolAsync,
    callToolRaw,
    listToolsAsync,
    getSemaphoreStatus: () => semaphore.getStatus(),
    getActiveProcesses,
    getPoolStatus,
    getReadiness,
    shutdown() {
      semaphore.close()
      const { killGrace } = settings.mcporter
      closing ??= Promise.all([runner.shutdown({ killGrace }), pool.close()]).then(() => {})
      return closing
    },
  }
}

/**
 * What the tool answered with `isError`, for those who want it.
 * @param {boolean} rejects
 * @param {Promise<any>} call
 */
async function orToolError(rejects, call) {
  if (rejects) return call
  return call.catch((error) => {
    if (error.code === 'ERR_TOOL') return error.result
    throw error
  })
}

module.exports = { createMcpHelper }
