'use strict'

const { firstBy } = require('../first-by')
const { counted, duration, plain, table } = require('./text')

/** @typedef {import('../mcp-helper').ServerSlots} ServerSlots */

/** The most servers that are shown. */
const MOST = 20

/**
 * Returns lines about the servers' slots, waiters, rates and pauses: a table, or a paragraph for
 * each server if the terminal is too narrow for the table. Returns no lines without servers.
 * @param {import('../mcp-helper').SemaphoreStatus} semaphore
 * @param {import('./output').Output} output
 */
function serverLines({ servers = [] }, output) {
  if (servers.length === 0) return []
  const shown = mostUrgent(servers)
  const rest = servers.length - shown.length
  const more = rest === 0 ? [] : [`and ${counted(rest, 'more server', 'more servers')}`]
  return [...(tableLines(shown, output) ?? paragraphs(shown, output)), ...more]
}

/** Returns the servers to show, in their order. @param {ServerSlots[]} servers */
function mostUrgent(servers) {
  return firstBy(
    servers,
    MOST,
    (one, other) =>
      Number(other.pausedFor > 0) - Number(one.pausedFor > 0) ||
      other.queued - one.queued ||
      other.current - one.current,
  )
}

/**
 * Returns a table, without columns that are empty. Returns `undefined` if the table is too wide.
 * @param {ServerSlots[]} servers
 * @param {import('./output').Output} output
 */
function tableLines(servers, output) {
  const columns = [
    { title: 'SERVER', cell: (/** @type {ServerSlots} */ { server }) => server },
    { title: 'SLOTS>', cell: slots },
    { title: 'WAITING>', cell: (/** @type {ServerSlots} */ { queued }) => queued },
    ...(servers.some(({ rate }) => rate) ? [{ title: 'RATE>', cell: rate }] : []),
    ...(servers.some(isPaused) ? [{ title: 'PAUSED FOR>', cell: pause }] : []),
  ]
  const titles = columns.map(({ title }) => title)
  const rows = servers.map((server) => columns.map(({ cell }) => cell(server)))
  const lines = table(titles, rows)
  if (lines.some((line) => [...line].length > output.room.columns)) return undefined
  const [head, ...body] = lines
  return [
    output.style('bold', head),
    ...body.map((line, at) => (isPaused(servers[at]) ? output.style('yellow', line) : line)),
  ]
}

/** @param {ServerSlots[]} servers @param {import('./output').Output} output */
function paragraphs(servers, output) {
  return servers.flatMap((server) => {
    const { queued } = server
    const lines = [`  ${slots(server)} in use, ${plain(queued)} waiting`]
    if (server.rate) lines.push(`  rate ${rate(server)}`)
    if (isPaused(server)) lines.push(output.style('yellow', `  paused for ${pause(server)}`))
    return [output.style('bold', output.fit(plain(server.server))), ...lines]
  })
}

/** @param {ServerSlots} server */
function slots({ current, limit }) {
  return plain(limit === null ? current : `${current} of ${limit}`)
}

/** @param {ServerSlots} server */
function rate({ rate }) {
  return rate ? plain(`${rate.recent} of ${rate.limit} in ${duration(rate.interval)}`) : '-'
}

/** @param {ServerSlots} server */
function pause(server) {
  return isPaused(server) ? duration(server.pausedFor) : '-'
}

/** @param {ServerSlots} server */
function isPaused({ pausedFor }) {
  return pausedFor > 0
}

module.exports = { serverLines }
