'use strict'

// Puts procward's metrics into a prom-client registry that a server has already.

const { activeAlerts, webhookStatuses } = require('../alerts/watch')
const validate = require('../validate')
const { collectAll } = require('../metrics/collect')
const { families } = require('./families')

/**
 * Registers all metrics of a source.
 * @param {import('../../index').MetricsRegistry} registry
 * @param {import('../metrics/collect').Source} source
 */
function registerMetrics(registry, source) {
  if (typeof registry?.registerMetric !== 'function') {
    throw validate.invalidConfig('registry', 'a Registry of prom-client', registry)
  }
  /**
   * The families of one scrape, which reads every metric in the same turn of the event loop.
   * @type {Map<string, import('./families').Family> | undefined}
   */
  let current
  const familiesNow = () => {
    if (current === undefined) {
      current = new Map(
        families(collectAll(source), activeAlerts(source), webhookStatuses(source)).map(
          (family) => [family.name, family],
        ),
      )
      setImmediate(() => {
        current = undefined
      })
    }
    return current
  }
  for (const family of familiesNow().values())
    registry.registerMetric(new Metric(family, familiesNow))
}

/** A metric with the methods that a registry of prom-client calls. */
class Metric {
  #families
  #family

  /**
   * @param {import('./families').Family} family
   * @param {() => Map<string, import('./families').Family>} families
   */
  constructor({ name, help, type, aggregator }, families) {
    this.name = type === 'counter' ? `${name}_total` : name
    this.help = help
    this.type = type
    this.aggregator = aggregator
    this.#family = name
    this.#families = families
  }

  async get() {
    const { name, help, type, aggregator } = this
    const family = this.#families().get(this.#family)
    return { name, help, type, aggregator, values: family ? values(name, family) : [] }
  }

  /** Does nothing, because no values are kept here. */
  reset() {}
}

/** @param {string} name @param {import('./families').Family} family */
function values(name, family) {
  if (family.type !== 'histogram') return family.points
  return family.points.flatMap(({ labels, sum, count, buckets }) => [
    ...buckets.map(([le, value]) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le },
      value,
    })),
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ])
}

module.exports = { registerMetrics }
