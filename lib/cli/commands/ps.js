'use strict'

const { EXIT } = require('../failure')
const { healthIfAny } = require('../health')
const { processLines } = require('../process-lines')
const { isOurs, rowsOf, scan, withServer } = require('../processes')
const { theServer } = require('../server')

/** @type {import('../main').Run} */
async function run(request, output) {
  const server = theServer(request, output)
  const told = await healthIfAny(server)
  const report = await scan({ dryRun: true })
  for (const { message } of report.errors) output.error(message)
  const here = await rowsOf(report)
  const isOnly = request.url !== undefined && !request.all
  const all = told === undefined ? here : withServer(here, told.health, Date.now(), isOnly)
  const processes = request.all ? all : all.filter(isOurs)
  output.document('ps', { url: told?.url ?? null, processes })
  output.lines(processLines(processes, { why: request.all }, output))
  const isFine = report.errors.length === 0 && !all.some(({ state }) => state === 'orphan')
  return isFine ? EXIT.ok : EXIT.problem
}

module.exports = { run }
