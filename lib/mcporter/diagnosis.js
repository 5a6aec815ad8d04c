'use strict'

// Finds the reason for which a call gave no result, and looks up servers or tools that mcporter
// does not name.

const { namesOf, unknownServer, unknownTool } = require('../mcp/failure')
const { mcporterFailed, toolError } = require('./failure')
const { deniesTool, jsonOf, listVerdict, serverNames } = require('./output')

/**
 * @typedef {import('./cli').Mcporter} Mcporter
 * @typedef {import('./failure').Call} Call
 * @typedef {import('./output').Output} Output
 */

/**
 * Returns the error of a call. Further runs of mcporter use the call's own slot and deadline.
 * @param {Mcporter} mcporter
 * @param {Call} call
 * @param {Output} output
 * @param {Exclude<import('./output').CallVerdict, { kind: 'result' }>} verdict
 * @param {number} deadline - on the clock of `performance.now()`
 */
async function diagnose(mcporter, call, output, verdict, deadline) {
  if (verdict.kind === 'unknown-server') {
    return unknownServer(call, { names: await availableServers(mcporter, call, deadline) })
  }
  if (verdict.kind === 'unknown-tool') {
    const available = verdict.available ?? (await availableTools(mcporter, call, deadline)) ?? []
    return unknownTool(call, available, verdict)
  }
  const [error, text] =
    verdict.kind === 'tool-error'
      ? [toolError(call, verdict.value), jsonOf(verdict.value)]
      : [mcporterFailed(call, output, verdict), verdict.message]
  if (text === undefined || !deniesTool(text, call.tool)) return error
  const available = await availableTools(mcporter, call, deadline)
  return available === undefined || available.includes(call.tool)
    ? error
    : unknownTool(call, available, { cause: error })
}

/** @param {Mcporter} mcporter @param {Call} call @param {number} deadline */
async function availableServers(mcporter, call, deadline) {
  const names = []
  for (const source of /** @type {const} */ (['local', 'import'])) {
    const output = await lookUp(deadline, () => mcporter.servers(call, deadline, source))
    if (output !== undefined) names.push(...serverNames(output))
  }
  return names
}

/** @param {Mcporter} mcporter @param {Call} call @param {number} deadline */
async function availableTools(mcporter, call, deadline) {
  const output = await lookUp(deadline, () => mcporter.list(call, deadline))
  const verdict = output && listVerdict(output, call)
  return verdict?.kind === 'tools' ? namesOf(verdict.tools) : undefined
}

/**
 * A look-up that fails takes nothing from what is known already, unless the caller wants no answer
 * any more.
 * @param {number} deadline
 * @param {() => Promise<Output>} look
 */
async function lookUp(deadline, look) {
  if (deadline - performance.now() < 1) return undefined
  try {
    return await look()
  } catch (error) {
    const { code } = /** @type {any} */ (error)
    if (code === 'ABORT_ERR' || code === 'ERR_CLOSED') throw error
    return undefined
  }
}

module.exports = { diagnose }
