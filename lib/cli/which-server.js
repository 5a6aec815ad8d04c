'use strict'

// Decides which server a command is about: the one that the user names, otherwise those that are
// found running here, otherwise the one at the default URL.

const config = require('../config')
const { unreachable, usageError } = require('./failure')
const { detailsOf } = require('./process-details')
const { DEFAULT_URL, serverAt } = require('./server')
const { counted, plain } = require('./text')

/** The most servers that an error lists. */
const MOST_LISTED = 20

/** @typedef {import('./server').Server} Server */
/** @typedef {import('./found-servers').FoundServer} FoundServer */

/**
 * Returns the one server that the command is about.
 * @param {import('./arguments').Request} request
 * @param {import('./output').Output} output
 * @returns {Promise<Server>}
 * @throws `ERR_USAGE` with a list if there are several
 */
async function theServer(request, output) {
  const servers = await theServers(request, output)
  if (servers.length > 1) throw await severalError(servers)
  return servers[0]
}

/**
 * Returns all servers that the command may ask, at least one.
 * @param {import('./arguments').Request} request
 * @param {import('./output').Output} output
 * @returns {Promise<Server[]>}
 */
async function theServers(request, output) {
  const { url, serverPid } = request
  if (url !== undefined && serverPid !== undefined) throw usageError('give either --url or --pid')
  const variable = serverPid === undefined ? config.healthUrl() : undefined
  const named = url ?? variable
  if (named !== undefined) {
    const name = url === undefined ? 'PROCWARD_URL' : '--url'
    return [serverAt(named, request, output, { name, isChosen: true })]
  }
  const found = await search(serverPid)
  const isChosen = serverPid !== undefined
  const servers = found.flatMap(({ url, pids }) =>
    url === null ? [] : [serverAt(url, request, output, { isChosen, pids })],
  )
  if (servers.length > 0) return servers
  const hint = found.length > 0 ? withoutUrl(found) : undefined
  if (isChosen) throw unreachable(hint ?? notFound(serverPid))
  return [serverAt(DEFAULT_URL, request, output, { hint: hint ?? NAME_IT })]
}

const NAME_IT = 'No running server was found. Say where the server is with --url or PROCWARD_URL'

/** @param {number} [pid] */
async function search(pid) {
  if (config.announces()) return require('./found-servers').foundServers(pid)
  if (pid === undefined) return []
  throw usageError('--pid finds no server while PROCWARD_ANNOUNCE is off; use --url')
}

/** @param {FoundServer[]} found */
function withoutUrl(found) {
  const [{ pids, place }] = found
  return (
    `Process ${pids[0]} listens at ${place}, but no health routes have answered there yet; ` +
    'say where they are with --url'
  )
}

/** @param {number} pid */
function notFound(pid) {
  return (
    `process ${pid} has left no address of health routes for this user; ` +
    'say where the server is with --url'
  )
}

/** @param {Server[]} servers */
async function severalError(servers) {
  const details = await detailsOf(servers.map(({ pids }) => pids[0]))
  const lines = servers.slice(0, MOST_LISTED).map(({ url, pids }) => {
    const [first, ...others] = pids
    const more = others.length === 0 ? '' : ` and ${counted(others.length, 'more', 'more')}`
    return `  --pid ${first}${more}  --url ${url}  ${plain(details(first).command ?? '')}`.trimEnd()
  })
  const rest = servers.length - lines.length
  if (rest > 0) lines.push(`  and ${rest} more`)
  return usageError('several servers are running; choose one of them', { lines })
}

module.exports = { theServer, theServers }
