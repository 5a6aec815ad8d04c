'use strict'

// A helper: a queue of calls, a pool of sessions, and mcporter for servers that take no session.

const { hasWaitSubscribers, publishCall, publishWait } = require('../diagnostics/calls')
const { closeAtShutdown, isClosing } = require('../lifecycle')
const { encodeArguments, serverName, toolName } = require('../mcp/arguments')
const { SessionPool } = require('../mcp/pool')
const { recordAnswer, recordFailure, recordRejection, recordWait } = require('../metrics/record')
const { Semaphore } = require('../semaphore')
const { Runner } = require('../process/runner')
const { Mcporter } = require('./cli')
const { named } = require('./failure')
const { Gate } = require('./gate')
const { callOptions, helperOptions, listOptions } = require('./options')
const { ProcessCalls } = require('./process-calls')
const { Router } = require('./router')
const { mcporterServers } = require('./servers')
const { SessionCalls } = require('./session-calls')

/** The tool name under which listing a server's tools is tracked: mcporter's own name for it. */
const LIST_TOOLS = 'list_tools'

/** @typedef {import('./failure').Call & { queueTimeout?: number }} Request */

/** @type {typeof import('../mcp-helper').createMcpHelper} */
function createMcpHelper(options) {
  const settings = helperOptions(options)
  const { queueTimeout, maxQueue } = settings
  const gate = settings.gate && new Gate(settings.gate)
  const maxConcurrent = gate?.limit() ?? Number(settings.maxConcurrent)
  const semaphore = new Semaphore(maxConcurrent, { queueTimeout, maxQueue })
  gate?.follow(semaphore)
  closeAtShutdown(semaphore)
  const runner = new Runner()
  const byProcess = new ProcessCalls(new Mcporter(runner, settings.mcporter, ofServer))
  const pool = new SessionPool(settings.pool, mcporterServers(settings.mcporter))
  const bySession = new SessionCalls(pool)
  const router = new Router(pool, bySession, byProcess, settings)
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
    return inSlot(call, (deadline) => router.route(call, deadline, work))
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

  /**
   * Does the work while holding a slot.
   * @template T
   * @param {Request} call
   * @param {(deadline: number) => Promise<T>} work
   * @returns {Promise<T>}
   */
  function inSlot(call, work) {
    return publishCall(call, async (id) => {
      const release = await slot(call, id)
      try {
        return await measured(call, work)
      } finally {
        release()
        gate?.update()
      }
    })
  }

  /**
   * Waits for a slot, and counts the wait or the rejection.
   * @param {Request} call
   * @param {number} id
   */
  async function slot(call, id) {
    const { queueTimeout: timeout, signal } = call
    const acquire = () => {
      const acquired = semaphore.acquire({ timeout, signal })
      gate?.update()
      return acquired
    }
    const queued = performance.now()
    try {
      const release = await (hasWaitSubscribers()
        ? publishWait({ ...call, id }, semaphore.getStatus(), acquire)
        : acquire())
      recordWait(performance.now() - queued)
      return release
    } catch (error) {
      recordRejection(error)
      throw named(call, error)
    } finally {
      gate?.update()
    }
  }

  function getSemaphoreStatus() {
    const status = semaphore.getStatus()
    return gate === undefined ? status : gate.status(status)
  }

  /** @type {import('../mcp-helper').McpHelper['getReadiness']} */
  function getReadiness() {
    if (closing !== undefined || isClosing()) return { ready: false, reason: 'draining' }
    const full = semaphore.getStatus().queued >= maxQueue
    return full ? { ready: false, reason: 'queue-full' } : { ready: true, reason: null }
  }

  /** @type {import('../mcp-helper').McpHelper['getPoolStatus']} */
  function getPoolStatus() {
    return /** @type {any} */ ({ ...pool.getStatus(), servers: router.status() })
  }

  /** @type {import('../mcp-helper').McpHelper['getActiveProcesses']} */
  function getActiveProcesses() {
    const all = [...runner.getActiveProcesses(), ...pool.getActiveCalls()]
    const calls = /** @type {import('../mcp-helper').ActiveProcess[]} */ (all)
    return calls.sort((one, other) => one.startTime - other.startTime)
  }

  return {
    callToolAsync,
    callToolRaw,
    listToolsAsync,
    getSemaphoreStatus,
    getActiveProcesses,
    getPoolStatus,
    getReadiness,
    shutdown() {
      semaphore.close()
      const { killGrace } = settings.mcporter
      closing ??= Promise.all([runner.shutdown({ killGrace }), pool.close()]).then(() =>
        gate?.close(),
      )
      return closing
    },
  }
}

/**
 * Does the work of a call that has its slot, and counts how the call ended.
 * @template T
 * @param {Request} call
 * @param {(deadline: number) => Promise<T>} work
 */
async function measured(call, work) {
  const began = performance.now()
  try {
    const answer = await work(began + call.timeout)
    recordAnswer(call, began)
    return answer
  } catch (error) {
    recordFailure(call, error, began)
    throw error
  }
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
