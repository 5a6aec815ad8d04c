'use strict'

const { EXIT } = require('../failure')
const { failuresIfTold } = require('../failures')
const { healthOf } = require('../health')
const { theServer } = require('../which-server')
const { statusLines } = require('../status-lines')

/** @type {import('../main').Run} */
async function run(request, output) {
  const server = await theServer(request, output)
  const health = await healthOf(server)
  output.document('status', health)
  const failures = request.json ? [] : await failuresIfTold(server)
  output.lines(statusLines(health, output, failures))
  return health.ready && health.alerts.length === 0 ? EXIT.ok : EXIT.problem
}

module.exports = { run }
