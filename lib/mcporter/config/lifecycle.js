'use strict'

// The lifecycle of a server between calls, from mcporter's configuration or from the variables that
// overrule it.

const { variables } = require('./places')

/** @typedef {{ mode: 'keep-alive' | 'ephemeral', idleTimeoutMs?: number }} Lifecycle */

/** Servers that have a state worth keeping, and what their command lines contain. */
const STATEFUL = new Map([
  ['chrome-devtools', ['chrome-devtools-mcp']],
  ['mobile-mcp', ['mobile-mcp']],
  ['playwright', ['@playwright/mcp', 'playwright/mcp']],
  ['cloudbase', ['cloudbase-mcp']],
])
/**
 * @param {string} name
 * @param {any} configured - of the entry
 * @param {string[] | undefined} command - `undefined` of HTTP
 * @param {import('./places').Places} places
 * @returns {Lifecycle | undefined}
 */
function lifecycleOf(name, configured, command, places) {
  const variable = variables(places)
  const tokens = command?.map((word) => word.toLowerCase()) ?? []
  const kind = [...STATEFUL].find(([, parts]) =>
    parts.some((part) => tokens.some((token) => token.includes(part))),
  )
  const names = kind === undefined ? [name.toLowerCase()] : [name.toLowerCase(), kind[0]]
  if (isNamed(names, variable('MCPORTER_KEEPALIVE'))) return { mode: 'keep-alive' }
  const disabled = variable('MCPORTER_DISABLE_KEEPALIVE') ?? variable('MCPORTER_NO_KEEPALIVE')
  if (isNamed(names, disabled)) return undefined
  if (configured !== undefined)
    return typeof configured === 'string' ? mode(configured) : mode(configured.mode, configured)
  return names.some((each) => STATEFUL.has(each)) ? { mode: 'keep-alive' } : undefined
}

/** @param {any} name @param {{ idleTimeoutMs?: number }} [settings] @returns {Lifecycle} */
function mode(name, { idleTimeoutMs } = {}) {
  return name === 'keep-alive' && idleTimeoutMs !== undefined
    ? { mode: name, idleTimeoutMs }
    : { mode: name }
}

/** @param {string[]} names @param {string | undefined} list */
function isNamed(names, list) {
  const listed = list?.split(',').map((each) => each.trim().toLowerCase()) ?? []
  return listed.includes('*') || names.some((name) => listed.includes(name))
}

module.exports = { lifecycleOf }
