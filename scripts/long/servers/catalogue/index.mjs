// Which servers there are, how each is started, and which calls it gets.

import { npm } from './npm.mjs'
import { pypi } from './pypi.mjs'
import { reference } from './reference.mjs'
import { sdks } from './sdks.mjs'

/**
 * @typedef {object} Prepared
 * @property {Record<string, any>} definition - as mcporter's configuration has it
 * @property {[string, object][]} calls
 *   - made one after the other, by each client in a session of its own
 * @property {[string, unknown[]][]} [requests] - methods of `McpPool` besides tools, and arguments
 * @property {import('../compare.mjs').Rules} [rules]
 *   - by tool, or `*`: what differs by nature in texts, and a word for it
 * @property {() => void} [reset] - puts the server's files back as they were before the first call
 * @property {() => Promise<unknown>} [stop]
 *
 * @typedef {{ name: string, subscribed?: string, prepare: () => Prepared | Promise<Prepared> }}
 *   Entry
 *   - `subscribed`: a resource of a server with the tools of series/subscriptions.mjs
 */

/** @param {string} folder - for the servers' files @returns {Entry[]} */
export const catalogue = (folder) => [
  ...reference(folder),
  ...npm(folder),
  ...pypi(folder),
  ...sdks(),
]
