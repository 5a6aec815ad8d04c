'use strict'

const { fail, ok, warn } = require('../doctor/check')
const { environmentChecks } = require('../doctor/environment')
const { limitChecks } = require('../doctor/limit')
const { machineChecks } = require('../doctor/machine')
const { mcporterChecks } = require('../doctor/mcporter')
const { EXIT } = require('../failure')
const { healthOf } = require('../health')
const { plain, wrapped } = require('../text')
const { theServers } = require('../which-server')

/** @typedef {import('../doctor/check').Check} Check */

const COLORS = /** @type {const} */ ({ ok: 'green', warn: 'yellow', fail: 'red' })

/** @type {import('../main').Run} */
async function run(request, output) {
  const servers = await theServers(request, output)
  const asked = servers.filter(({ isChosen, pids }) => isChosen || pids.length > 0)
  const checks = [
    ...(await machineChecks()),
    ...environmentChecks(),
    ...(await limitChecks()),
    ...(await mcporterChecks()),
    ...(await Promise.all(asked.map(serverCheck))),
  ]
  const isFine = checks.every(({ status }) => status !== 'fail')
  output.document('doctor', { ok: isFine, checks })
  output.lines(checks.flatMap((check) => linesOf(check, output)))
  return isFine ? EXIT.ok : EXIT.problem
}

/** @param {import('../server').Server} server @returns {Promise<Check>} */
async function serverCheck(server) {
  try {
    const { ready, reason, alerts } = await healthOf(server)
    if (!ready) return warn('server', `${server.url} is not ready: ${reason}`)
    return alerts.length === 0
      ? ok('server', `${server.url} is ready`)
      : warn('server', alerts[0].message)
  } catch (error) {
    const { code, message } = /** @type {any} */ (error)
    if (code !== 'ERR_UNREACHABLE') throw error
    return server.isChosen ? fail('server', message) : warn('server', message)
  }
}

/** @param {Check} check @param {import('../output').Output} output */
function linesOf({ name, status, message }, output) {
  const head = status.padEnd(4)
  const indent = head.length + 17
  const text = `${head}  ${name.padEnd(13)}  ${plain(message, 1000)}`
  const [first, ...rest] = wrapped(text, output.room.columns, indent)
  // Only the status is coloured, and codes of colours have no width.
  return [output.style(COLORS[status], head) + first.slice(head.length), ...rest]
}

module.exports = { run }
