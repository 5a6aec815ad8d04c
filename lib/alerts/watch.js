'use strict'

// Chooses the watched helpers: those of health routes, those of `startAlerts()`, and the default
// helper when there are listeners and no other watch.

const { stopAtShutdown } = require('../lifecycle')
const { sampler } = require('../metrics/sampler')
const { sourceOf } = require('../source')
const { INITIAL, active, evaluate } = require('./evaluate')
const events = require('./events')
const { Monitor } = require('./monitor')
const { alertRules } = require('./rules')
const { Delivery } = require('./webhook/delivery')
const { webhookTargets } = require('./webhook/options')
const { post } = require('./webhook/post')

/**
 * @typedef {import('../metrics/collect').Source} Source
 * @typedef {{ rules: import('./rules').Rules, webhook?: import('./monitor').Webhook }} Settings
 * @typedef {{ monitor: Monitor, started?: Settings, mounted?: Settings, routers: number }} Watch
 *   `started` takes precedence over `mounted`, the settings of the first health router.
 */

/** One for each pair of a helper and a scanner. @type {WeakMap<object, WeakMap<object, Watch>>} */
const watches = new WeakMap()
/** Watches of health routers and of `startAlerts()`. @type {Set<Watch>} */
const running = new Set()
/**
 * The watch of the default helper, for listeners without another watch.
 * @type {Watch | undefined}
 */
let fallback
let isShutDown = false
/** Ends the watch of a collected router. @type {FinalizationRegistry<Watch>} */
const routers = new FinalizationRegistry((watch) => unmount(watch))

events.onChange(updateFallback)
stopAtShutdown(() => {
  isShutDown = true
  for (const watch of [...running]) stopWatch(watch)
  updateFallback()
})

/**
 * Watches a source until `stop()`.
 * @param {Source} source
 * @param {{ rules?: unknown, webhook?: unknown }} options
 * @returns {ReturnType<typeof import('../../index').startAlerts>}
 */
function startAlerts(source, options) {
  const rules = alertRules(options.rules)
  const webhook = options.webhook === undefined ? undefined : webhookOf(options.webhook)
  const watch = watchOf(source)
  const settings = { rules, webhook }
  watch.started = settings
  startWatch(watch)
  return {
    getActive: () => (watch.started === settings ? watch.monitor.active() : []),
    getWebhookStatus: () => webhook?.status() ?? null,
    stop() {
      if (watch.started !== settings) return
      watch.started = undefined
      if (watch.mounted) startWatch(watch)
      else stopWatch(watch)
    },
  }
}

/**
 * Returns the receivers of a webhook.
 * @param {unknown} options
 */
function webhookOf(options) {
  const targets = webhookTargets(options)
  const [{ repeat, format }] = targets
  const lost = (/** @type {Error} */ error) => events.emit('undelivered', error)
  const deliveries = targets.map((target, at) => new Delivery(target, post, lost, at))
  return {
    deliveries,
    repeat,
    repeatsResolved: format === 'alertmanager',
    /** Returns the counts of all receivers, and those of each if there are several. */
    status() {
      const receivers = deliveries.map((delivery) => delivery.status())
      return receivers.length === 1 ? receivers[0] : { ...total(receivers), receivers }
    },
  }
}

/** @param {import('../../index').WebhookStatus[]} receivers */
function total(receivers) {
  const sum = (/** @type {'queued' | 'delivered' | 'undelivered'} */ field) =>
    receivers.reduce((sum, status) => sum + status[field], 0)
  return {
    queued: sum('queued'),
    delivered: sum('delivered'),
    undelivered: sum('undelivered'),
    lastFailure: receivers.find(({ lastFailure }) => lastFailure !== null)?.lastFailure ?? null,
  }
}

/**
 * Returns the deliveries of a source's alerts, by receiver.
 * @param {Source} source
 * @returns {import('../../index').WebhookStatus[]}
 */
function webhookStatuses({ helper, cleanup }) {
  const deliveries = watches.get(helper)?.get(cleanup)?.started?.webhook?.deliveries ?? []
  return deliveries.map((delivery) => delivery.status())
}

/**
 * Watches the source of a health router until the router is collected.
 * @param {Source & { recommendedMax?: number }} source
 * @param {object} router
 */
function watchMounted(source, router) {
  const watch = watchOf(source)
  watch.mounted ??= { rules: alertRules(undefined, source.recommendedMax) }
  watch.routers++
  routers.register(router, watch)
  startWatch(watch)
}

/** @param {Watch} watch */
function unmount(watch) {
  watch.routers--
  if (watch.routers > 0) return
  watch.mounted = undefined
  if (!watch.started) stopWatch(watch)
}

/**
 * Returns the alerts of this moment. Without a watch, they are evaluated from one sample.
 * @param {Source & { recommendedMax?: number }} source
 * @param {import('../health').Sample} [sample]
 * @returns {import('../../index').Alert[]}
 */
function activeAlerts(
  { helper, cleanup, recommendedMax },
  sample = sampler(helper, cleanup).latest(),
) {
  const alerts = watches.get(helper)?.get(cleanup)?.monitor.activeAt(sample)
  return alerts ?? active(evaluate(INITIAL, sample, alertRules(undefined, recommendedMax)).state)
}

/** @param {Source} source @returns {Watch} */
function watchOf({ helper, cleanup }) {
  const byCleanup = watches.get(helper) ?? new WeakMap()
  watches.set(helper, byCleanup)
  const watch = byCleanup.get(cleanup) ?? { monitor: monitorOf(helper, cleanup), routers: 0 }
  byCleanup.set(cleanup, watch)
  return watch
}

/** @param {Source['helper']} helper @param {Source['cleanup']} cleanup */
function monitorOf(helper, cleanup) {
  return new Monitor((listener) => sampler(helper, cleanup).onSample(listener), events.emit)
}

/** @param {Watch} watch */
function startWatch(watch) {
  if (isShutDown) return
  const { rules, webhook } = /** @type {Settings} */ (watch.started ?? watch.mounted)
  running.add(watch)
  watch.monitor.start(rules, webhook)
  updateFallback()
}

/** @param {Watch} watch */
function stopWatch(watch) {
  running.delete(watch)
  watch.monitor.stop()
  updateFallback()
}

/** Watches the default helper while there are listeners and no other watch. */
function updateFallback() {
  const isNeeded = events.hasListeners() && running.size === 0 && !isShutDown
  if (isNeeded === (fallback !== undefined)) return
  const before = fallback
  fallback = undefined
  if (before && !running.has(before)) before.monitor.stop()
  if (!isNeeded) return
  fallback = watchOf(sourceOf({}))
  fallback.monitor.start(alertRules(undefined))
}

module.exports = { activeAlerts, startAlerts, watchMounted, webhookStatuses }
