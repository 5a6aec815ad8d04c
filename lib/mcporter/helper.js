'use strict'

// One helper: a queue, the processes started for it, and mcporter.

const { closeAtShutdown, isClosing } = require('../lifecycle')
const { Semaphore } = require('../semaphore')
const { Runner } = require('../process/runner')
const { encodeArguments, serverName, toolName } = require('./arguments')
const { Mcporter } = require('./cli')
const { diagnose } = require('./diagnosis')
const { named } = require('./failure')
const { callOptions, helperOptions, listOptions } = require('./options')
const { callVerdict, listVerdict } = require('./output')

/** The tool name under which listing a server's tools is tracked: mcporter's own name for it. */
const LIST_TOOLS = 'list_tools'

/** @typedef {import('./failure').Call & { queueTimeout?: number }} Request */

/** @type {typeof import('../mcp-helper').createMcpHelper} */
function createMcpHelper(options) {
  const settings = helperOptions(options)
  const { maxConcurrent, queueTimeout, maxQueue } = settings
  const semaphore = new Semaphore(maxConcurrent, { queueTimeout, maxQueue })
  closeAtShutdown(semaphore)
  const runner = new Runner()
  const mcporter = new Mcporter(runner, settings.mcporter)
  /** @type {Promise<void> | undefined} */
  let closing

  /** @type {import('../mcp-helper').McpHelper['callToolAsync']} */
  async function callToolAsync(server, tool, args = {}, options) {
    const { timeout = settings.callTimeout, rejectOnError = settings.rejectOnError, ...rest } = callOptions(options)
    const call = { ...rest, timeout, server: serverName(server), tool: toolName(tool), json: encodeArguments(args) }
    if (tool === LIST_TOOLS) return (await list(call)).value

    return inSlot(call, async (deadline) => {
      const output = await mcporter.call(call)
      const verdict = callVerdict(output, call)
      if (verdict.kind === 'result') return verdict.value
      const error = await diagnose(mcporter, call, output, verdict, deadline)
      if (error.code === 'ERR_TOOL' && !rejectOnError) return error.result
      throw error
    })
  }

  /** @type {import('../mcp-helper').McpHelper['listToolsAsync']} */
  async function listToolsAsync(server, options) {
    const { timeout = settings.listTimeout, ...rest } = listOptions(options)
    return (await list({ ...rest, timeout, server: serverName(server), tool: LIST_TOOLS })).tools
  }

  /** @param {Request} call */
  function list(call) {
    return inSlot(call, async (deadline) => {
      const output = await mcporter.list(call)
      const verdict = listVerdict(output, call)
      if (verdict.kind === 'tools') return verdict
      throw await diagnose(mcporter, call, output, verdict, deadline)
    })
  }

  /** @template T @param {Request} call @param {(deadline: number) => Promise<T>} work @returns {Promise<T>} */
  async function inSlot(call, work) {
    const wait = { timeout: call.queueTimeout, signal: call.signal }
    const release = await semaphore.acquire(wait).catch((error) => {
      throw named(call, error)
    })
    try {
      return await work(performance.now() + call.timeout)
    } finally {
      release()
    }
  }

  /** @type {import('../mcp-helper').McpHelper['getReadiness']} */
  function getReadiness() {
    if (closing !== undefined || isClosing()) return { ready: false, reason: 'draining' }
    const full = semaphore.getStatus().queued >= maxQueue
    return full ? { ready: false, reason: 'queue-full' } : { ready: true, reason: null }
  }

  return {
    callToolAsync,
    listToolsAsync,
    getSemaphoreStatus: () => semaphore.getStatus(),
    getActiveProcesses: () => /** @type {any} */ (runner.getActiveProcesses()),
    getReadiness,
    shutdown() {
      semaphore.close()
      closing ??= runner.shutdown({ killGrace: settings.mcporter.killGrace })
      return closing
    },
  }
}

module.exports = { createMcpHelper }
