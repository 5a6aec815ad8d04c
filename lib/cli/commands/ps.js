'use strict'

const { EXIT } = require('../failure')
const { healthIfAny } = require('../health')
const { processLines } = require('../process-lines')
const { isOurs, rowsOf, scan, withServer } = require('../processes')
const { theServers } = require('../which-server')

/** @type {import('../main').Run} */
async function run(request, output) {
  const servers = await theServers(request, output)
  const healths = await Promise.all(
    servers.map((server) => healthIfAny(server, (problem) => output.warn(problem))),
  )
  const told = healths.filter((health) => health !== undefined)
  const report = await scan({ dryRun: true })
  for (const { message } of report.errors) output.error(message)
  const isNamed = request.url !== undefined || request.serverPid !== undefined
  const isOnly = isNamed && !request.all
  const now = Date.now()
  const all = told.reduce(
    (rows, { health }) => withServer(rows, health, now, isOnly),
    await rowsOf(report),
  )
  const processes = request.all ? all : all.filter(isOurs)
  const urls = told.map(({ url }) => url)
  output.document('ps', { url: urls.length === 1 ? urls[0] : null, urls, processes })
  output.lines(processLines(processes, { why: request.all }, output))
  const isFine = report.errors.length === 0 && !all.some(({ state }) => state === 'orphan')
  return isFine ? EXIT.ok : EXIT.problem
}

module.exports = { run }
