'use strict'

// The public functions for metrics and alerts: each finds the helper and the scanner to read from,
// and calls down. Modules are loaded on use, because most servers never call these functions.

const { sourceOf } = require('./source')
const validate = require('./validate')

const SOURCE = ['helper', 'cleanup']

/** @type {typeof import('../index').getMetrics} */
function getMetrics(options) {
  return require('./metrics/report').metricsOf(metricsSource(options))
}

/** @type {typeof import('../index').registerMetrics} */
function registerMetrics(registry, options) {
  require('./prometheus/prom-client').registerMetrics(registry, metricsSource(options))
}

/** @type {typeof import('../index').on} */
function on(event, listener) {
  alerts().on(event, listener)
}

/** @type {typeof import('../index').once} */
function once(event, listener) {
  alerts().once(event, listener)
}

/** @type {typeof import('../index').off} */
function off(event, listener) {
  alerts().off(event, listener)
}

/** @type {typeof import('../index').startAlerts} */
function startAlerts(options) {
  // An error must not show a webhook's address that was given in the wrong place.
  if (typeof options === 'string') throw validate.invalidConfig('options', 'an object', 'a string')
  const known = [...SOURCE, 'rules', 'webhook']
  const { rules, webhook, ...given } = validate.options('options', options, known)
  return alerts().startAlerts(sourceOf(given), { rules, webhook })
}

/** @param {unknown} options */
function metricsSource(options) {
  return sourceOf(validate.options('options', options, SOURCE))
}

/** Loads both: a listener to events without a watch would never be called. */
function alerts() {
  return { ...require('./alerts/events'), ...require('./alerts/watch') }
}

module.exports = { getMetrics, off, on, once, registerMetrics, startAlerts }
