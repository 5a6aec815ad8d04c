'use strict'

const { isClosing } = require('../lifecycle')
const { metricsOf } = require('../metrics/report')
const { sampler } = require('../metrics/sampler')
const { instance } = require('./instance')
const { processHealth } = require('./report')

/** @typedef {ReturnType<typeof snapshot>} Snapshot */

/**
 * Returns the data of the dashboard at this moment.
 * @param {import('./options').HealthSource} source
 */
function snapshot(source) {
  const { helper, cleanup } = source
  const sample = sampler(helper, cleanup).latest()
  return {
    time: Date.now(),
    instance,
    health: processHealth(source, sample),
    sample,
    metrics: metricsOf(source),
    draining: isDraining(source),
  }
}

/** @param {import('./options').HealthSource} source */
function isDraining({ helper }) {
  return isClosing() || helper.getReadiness?.().reason === 'draining'
}

module.exports = { snapshot }
