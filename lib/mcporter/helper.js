'use strict'

// A helper: a queue of calls, a pool of sessions, and mcporter for servers that take no session.

const { asSharing } = require('../active-process')
const { closeAtShutdown, isClosing } = require('../lifecycle')
const { encodeArguments, serverName, toolName } = require('../mcp/arguments')
const { SessionPool } = require('../mcp/pool')
const { subscriber } = require('../mcp/request-arguments')
const { REQUESTS, SUBSCRIBE, requestParams } = require('../mcp/request-kinds')
const { Runner } = require('../process/runner')
const { CallSlots } = require('./call-slots')
const { Mcporter } = require('./cli')
const { callOptions, helperOptions, listOptions } = require('./options')
const { ProcessCalls } = require('./process-calls')
const { Router } = require('./router')
const { mcporterServers } = require('./servers')
const { SessionCalls } = require('./session-calls')

/** The tool name under which listing a server's tools is tracked: mcporter's own name for it. */
const LIST_TOOLS = 'list_tools'

/** @typedef {import('./call-slots').Request} Request */

/** @type {typeof import('../mcp-helper').createMcpHelper} */
function createMcpHelper(options) {
  const settings = helperOptions(options)
  const slots = new CallSlots(settings)
  closeAtShutdown(slots)
  const runner = new Runner()
  const byProcess = new ProcessCalls(new Mcporter(runner, settings.mcporter, ofServer))
  const pool = new SessionPool(settings.pool, mcporterServers(settings.mcporter))
  const bySession = new SessionCalls(pool)
  const router = new Router(pool, bySession, byProcess, settings)
  slots.startWith((call, deadline) => router.needOf(call, deadline))
  /** @type {Promise<void> | undefined} */
  let closing

  /** @type {import('../mcp-helper').McpHelper['callToolAsync']} */
  async function callToolAsync(server, tool, args = {}, options) {
    const { rejectOnError, ...call } = checkedCall(server, tool, args, options)
    if (tool === LIST_TOOLS) return (await list(call)).value
    return orToolError(
      rejectOnError,
      inRoute(call, (calls, deadline, route) => calls.call(call, deadline, route)),
    )
  }

  /** @type {import('../mcp-helper').McpHelper['callToolRaw']} */
  async function callToolRaw(server, tool, args = {}, options) {
    const { rejectOnError, ...call } = checkedCall(server, tool, args, options)
    return orToolError(
      rejectOnError,
      inRoute(call, (calls, deadline, route) => calls.callRaw(call, deadline, route)),
    )
  }

  /** @type {import('../mcp-helper').McpHelper['listToolsAsync']} */
  async function listToolsAsync(server, options) {
    const { timeout = settings.listTimeout, ...rest } = listOptions(options)
    const call = { ...rest, timeout, server: serverName(server), tool: LIST_TOOLS }
    return (await list(call)).tools
  }

  /**
   * Makes a request of a kind: the body of the functions that derive from the table of kinds.
   * @param {import('../mcp/request-kinds').Kind} kind
   * @param {string} server
   * @param {unknown[]} given - the arguments after the server
   */
  async function request(kind, server, given) {
    const { params, options } = requestParams(kind, given)
    const usual = kind.pages === undefined ? settings.callTimeout : settings.listTimeout
    const { timeout = usual, ...rest } = listOptions(options)
    const call = { ...rest, timeout, server: serverName(server), tool: kind.method }
    return inRoute(call, (calls, deadline, route) =>
      calls.ask(call, { kind, params }, deadline, route),
    )
  }

  /** @type {import('../mcp-helper').McpHelper['subscribe']} */
  async function subscribe(server, uri, listener, options) {
    const { timeout = settings.callTimeout, ...rest } = listOptions(options)
    const call = { ...rest, timeout, server: serverName(server), tool: SUBSCRIBE }
    const subscription = subscriber(uri, listener)
    return inRoute(call, (calls, deadline, route) =>
      calls.subscribe(call, subscription, deadline, route),
    )
  }

  /** @param {Request} call */
  function list(call) {
    return inRoute(call, (calls, deadline, route) => calls.list(call, deadline, route))
  }

  /**
   * Does the work in a slot, over a session or through mcporter.
   * @template T
   * @param {Request} call
   * @param {import('./router').Work<T>} work
   */
  function inRoute(call, work) {
    return slots.run(call, (deadline) => router.route(call, deadline, work))
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
   * Returns a server's settings for a process of mcporter.
   * @param {string} server
   * @returns {import('./cli').OfServer}
   */
  function ofServer(server) {
    const { maxBuffer, killGrace } = settings.pool.servers[server] ?? {}
    const own = { ...(maxBuffer && { maxBuffer }), ...(killGrace && { killGrace }) }
    return { variables: pool.known(server)?.variables, ...own }
  }

  /** @type {import('../mcp-helper').McpHelper['getReadiness']} */
  function getReadiness() {
    if (closing !== undefined || isClosing()) return { ready: false, reason: 'draining' }
    return slots.isQueueFull()
      ? { ready: false, reason: 'queue-full' }
      : { ready: true, reason: null }
  }

  /** @type {import('../mcp-helper').McpHelper['getPoolStatus']} */
  function getPoolStatus() {
    return /** @type {any} */ ({ ...pool.getStatus(), servers: router.status() })
  }

  /** @type {import('../mcp-helper').McpHelper['getStats']} */
  function getStats() {
    return { oldestWait: slots.oldestWait(), servers: pool.getServerStats() }
  }

  /** @type {import('../mcp-helper').McpHelper['getActiveProcesses']} */
  function getActiveProcesses() {
    const bySession = [...pool.getActiveCalls(), ...pool.getWaitingCalls()]
    const processes = runner.getActiveProcesses()
    const all = [...processes, ...byProcess.getStartingCalls(processes), ...bySession]
    const calls = /** @type {import('../mcp-helper').ActiveProcess[]} */ (all)
    return asSharing(calls.sort((one, other) => one.startTime - other.startTime))
  }

  return {
    callToolAsync,
    callToolRaw,
    listToolsAsync,
    .../** @type {any} */ (requestFunctions(request)),
    subscribe,
    getSemaphoreStatus: () => slots.getStatus(),
    getQueuedCalls: () => slots.getQueuedCalls(),
    refreshFleet: () => slots.refreshFleet(),
    getActiveProcesses,
    getPoolStatus,
    getReadiness,
    getStats,
    shutdown() {
      slots.close()
      const { killGrace } = settings.mcporter
      closing ??= Promise.all([runner.shutdown({ killGrace }), pool.close(), slots.left()]).then(
        () => slots.openGate(),
      )
      return closing
    },
  }
}

/**
 * Returns a function for each kind of request.
 * @param {(kind: import('../mcp/request-kinds').Kind, server: string, given: unknown[]) =>
 *   Promise<any>} request
 * @returns {Record<string, (server: string, ...given: any[]) => Promise<any>>}
 */
function requestFunctions(request) {
  return Object.fromEntries(
    Object.entries(REQUESTS).map(([name, kind]) => [
      name,
      (server, ...given) => request(kind, server, given),
    ]),
  )
}

/**
 * Resolves with a tool's answer that says `isError`, unless `rejects`.
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
