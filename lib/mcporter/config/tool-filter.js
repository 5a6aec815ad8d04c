'use strict'

/**
 * Returns whether a server's configuration allows a tool to be listed and called.
 * @param {Pick<import('./server').Server, 'allowedTools' | 'blockedTools'>} server
 * @param {string} tool
 */
function isAllowed({ allowedTools, blockedTools }, tool) {
  if (allowedTools !== undefined) return allowedTools.includes(tool)
  return !blockedTools?.includes(tool)
}

module.exports = { isAllowed }
