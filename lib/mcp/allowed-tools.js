'use strict'

// The tools of a server that the configuration lets be used.

const { namesOf, unknownTool } = require('./failure')
const { LIST_TOOLS } = require('./request-kinds')

/**
 * @typedef {import('./pending-requests').Call} Call
 * @typedef {{ key: string, allows: (tool: string) => boolean, timeout: number }} Place
 */

/**
 * Lists them.
 * @param {import('./sessions').Sessions} sessions
 * @param {Call} call
 * @param {Place} place
 * @returns {Promise<any[]>}
 */
async function allowedTools(sessions, call, { key, allows, timeout }) {
  const { tools } = await sessions.ask(key, call, LIST_TOOLS, {}, timeout)
  return tools.filter((/** @type {any} */ { name }) => allows(name))
}

/**
 * Refuses a call of another tool, with the names of these.
 * @param {import('./sessions').Sessions} sessions
 * @param {Call} call
 * @param {Place} place
 * @returns {Promise<never>}
 */
async function refuseTool(sessions, call, place) {
  throw unknownTool(call, namesOf(await allowedTools(sessions, call, place)))
}

module.exports = { allowedTools, refuseTool }
