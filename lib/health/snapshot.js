'use strict'

const { isClosing } = require('../lifecycle')
const { processHealth } = require('./report')

/** @typedef {ReturnType<typeof snapshot>} Snapshot */

/** All that the dashboard shows, at this moment. @param {import('./options').HealthSource} source */
function snapshot(source) {
  return {
    time: Date.now(),
    health: processHealth(source),
    sample: null,
    metrics: null,
    draining: isDraining(source),
  }
}

/** @param {import('./options').HealthSource} source */
function isDraining({ helper }) {
  return isClosing() || helper.getReadiness?.().reason === 'draining'
}

module.exports = { snapshot }
