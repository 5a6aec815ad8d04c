'use strict'

const { EXIT } = require('../failure')
const { healthOf } = require('../health')
const { theServer } = require('../which-server')
const { statusLines } = require('../status-lines')

/** @type {import('../main').Run} */
async function run(request, output) {
  const health = await healthOf(await theServer(request, output))
  output.document('status', health)
  output.lines(statusLines(health, output))
  return health.ready && health.alerts.length === 0 ? EXIT.ok : EXIT.problem
}

module.exports = { run }
