'use strict'

const { EXIT } = require('../failure')
const { failuresIfTold } = require('../failures')
const { healthIfAny } = require('../health')
const { processLines } = require('../process-lines')
const { isOurs, rowsOf, scan, withServer } = require('../processes')
const { Screen } = require('../screen')
const { theServer } = require('../which-server')
const { statusLines } = require('../status-lines')
const { plain, wrapped } = require('../text')

/** @type {import('../main').Run} */
async function run(request, output) {
  const server = await theServer(request, output)
  // In the first round an unreachable named server is an error; later its absence is shown.
  const isOnly = request.url !== undefined || request.serverPid !== undefined
  let look = await lookAt(server, isOnly)
  const screen = new Screen(output, request.interval * 1000)
  try {
    for (let frame = 1; ; frame++) {
      output.document('top', {
        time: Date.now(),
        server: look.health ?? null,
        processes: look.processes,
      })
      screen.show(linesOf(look, output))
      if (frame >= request.count || (await screen.pause()) === 'quit') return EXIT.ok
      look = await lookAt(server, isOnly).catch(async (error) => ({
        ...(await lookHere()),
        problem: error.message,
      }))
    }
  } finally {
    screen.close()
  }
}

/**
 * @typedef {{ health?: import('../health').ServerHealth, processes: import('../processes').Row[],
 *   failures?: import('../../health').FailedCall[], problem?: string }} Look
 */

/**
 * @param {import('../server').Server} server
 * @param {boolean} isOnly - leaves out the processes of other servers
 * @returns {Promise<Look>}
 */
async function lookAt(server, isOnly) {
  const health = await healthIfAny(server)
  const { processes } = await lookHere()
  if (health === undefined) return { processes }
  const all = withServer(processes, health.health, Date.now(), isOnly)
  return { health, processes: all.filter(isOurs), failures: await failuresIfTold(server) }
}

/** @returns {Promise<Look>} */
async function lookHere() {
  return { processes: (await rowsOf(await scan({ dryRun: true }))).filter(isOurs) }
}

/** @param {Look} look @param {import('../output').Output} output */
function linesOf({ health, processes, failures, problem }, output) {
  const about =
    health === undefined
      ? wrapped(plain(problem ?? 'no server asked'), output.room.columns, 2).map((line) =>
          output.style('yellow', line),
        )
      : statusLines(health, output, failures)
  return [...about, '', ...processLines(processes, { why: false }, output)]
}

module.exports = { run }
