'use strict'

// The routes of metrics and history.

const { activeAlerts, webhookStatuses } = require('../alerts/watch')
const { collectAll } = require('../metrics/collect')
const { families } = require('../prometheus/families')
const { INTERVAL, sampler } = require('../metrics/sampler')
const { metricsText } = require('../prometheus/text')
const { invalidSince, sinceOf } = require('./failures')
const { instance, otherInstance } = require('./instance')
const { quality } = require('./media-type')

const OPENMETRICS = 'application/openmetrics-text'
const PLAIN = 'text/plain'

/**
 * Answers with OpenMetrics if the client prefers it to plain text, otherwise with the format of
 * Prometheus.
 * @param {import('./options').HealthSource} source
 * @param {import('./routes').Request} request
 * @returns {import('./reply').Reply}
 */
function metrics(source, { accept }) {
  const asked = quality(accept, OPENMETRICS)
  const isOpen = asked > 0 && asked >= quality(accept, PLAIN)
  const type = isOpen ? `${OPENMETRICS}; version=1.0.0` : `${PLAIN}; version=0.0.4`
  return {
    statusCode: 200,
    type,
    text: metricsText(
      families(collectAll(source), activeAlerts(source), webhookStatuses(source)),
      isOpen,
    ),
  }
}

/**
 * @param {import('./options').HealthSource} source
 * @param {import('./routes').Request} request
 * @returns {import('./reply').Reply}
 */
function history({ helper, cleanup }, { query }) {
  const refusal = otherInstance(query)
  if (refusal) return refusal
  const since = sinceOf(query)
  if (since === undefined) return invalidSince()
  const samples = sampler(helper, cleanup).history(since)
  /** @type {import('../health').History} */
  const body = { instance, interval: INTERVAL, samples }
  return { statusCode: 200, type: 'application/json', text: JSON.stringify(body) }
}

module.exports = { history, metrics }
