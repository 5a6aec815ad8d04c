'use strict'

// Which helpers are watched: those of the health routes, those of `startAlerts()`, and the default
// one when somebody listens and there is no other.

const { stopAtShutdown } = require('../lifecycle')
const { sampler } = require('../metrics/sampler')
const { sourceOf } = require('../source')
const { INITIAL, active, evaluate } = require('./evaluate')
const events = require('./events')
const { Monitor } = require('./monitor')
const { alertRules } = require('./rules')
const { Delivery } = require('./webhook/delivery')
const { webhookTarget } = require('./webhook/options')
const { post } = require('./webhook/post')

/**
 * @typedef {import('../metrics/collect').Source} Source
 * @typedef {{ rules: import('./rules').Rules, webhook?: import('./monitor').Webhook }} Settings
 * @typedef {{ monitor: Monitor, started?: Settings, mounted?: Settings, routers: number }} Watch
 *   `started` goes before
 *   `mounted`, which is what the first of the routers asked for.
 */

/** One for each pair of a helper and a scanner. @type {WeakMap<object, WeakMap<object, Watch>>} */
const watches = new WeakMap()
/** Those that somebody asked for. @type {Set<Watch>} */
const wanted = new Set()
/** The one that is there because somebody listens. @type {Watch | undefined} */
let listened
let isShutDown = false
/** A router that nobody can reach any more needs no watch. @type {FinalizationRegistry<Watch>} */
const routers = new FinalizationRegistry((watch) => unmount(watch))

events.onChange(settle)
stopAtShutdown(() => {
  isShutDown = true
  for (const watch of [...wanted]) end(watch)
  settle()
})

/**
 * Watches a source until `stop()`.
 * @param {Source} source
 * @param {{ rules?: unknown, webhook?: unknown }} options
 * @returns {ReturnType<typeof import('../../index').startAlerts>}
 */
function startAlerts(source, options) {
  const rules = alertRules(options.rules)
  const webhook = options.webhook === undefined ? undefined : webhookTarget(options.webhook)
  const watch = watchOf(source)
  const delivery =
    webhook && new Delivery(webhook, post, (error) => events.tell('undelivered', error))
  const settings = { rules, webhook: webhook && delivery && { delivery, repeat: webhook.repeat } }
  watch.started = settings
  begin(watch)
  return {
    getActive: () => (watch.started === settings ? watch.monitor.active() : []),
    getWebhookStatus: () => delivery?.status() ?? null,
    stop() {
      if (watch.started !== settings) return
      watch.started = undefined
      if (watch.mounted) begin(watch)
      else end(watch)
    },
  }
}

/**
 * What a health router shows is watched as long as there is the router.
 * @param {Source & { recommendedMax?: number }} source
 * @param {object} router
 */
function watchMounted(source, router) {
  const watch = watchOf(source)
  watch.mounted ??= { rules: alertRules(undefined, source.recommendedMax) }
  watch.routers++
  routers.register(router, watch)
  begin(watch)
}

/** @param {Watch} watch */
function unmount(watch) {
  watch.routers--
  if (watch.routers > 0) return
  watch.mounted = undefined
  if (!watch.started) end(watch)
}

/**
 * The alerts of this moment; of what is not watched, those that one look shows.
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
  return new Monitor((listener) => sampler(helper, cleanup).onSample(listener), events.tell)
}

/** @param {Watch} watch */
function begin(watch) {
  if (isShutDown) return
  const { rules, webhook } = /** @type {Settings} */ (watch.started ?? watch.mounted)
  wanted.add(watch)
  watch.monitor.start(rules, webhook)
  settle()
}

/** @param {Watch} watch */
function end(watch) {
  wanted.delete(watch)
  watch.monitor.stop()
  settle()
}

/**
 * Listening is enough to be told, but no reason to watch a helper that nobody uses beside another.
 */
function settle() {
  const isWanted = events.isHeard() && wanted.size === 0 && !isShutDown
  if (isWanted === (listened !== undefined)) return
  const before = listened
  listened = undefined
  if (before && !wanted.has(before)) before.monitor.stop()
  if (!isWanted) return
  listened = watchOf(sourceOf({}))
  listened.monitor.start(alertRules(undefined))
}

module.exports = { activeAlerts, startAlerts, watchMounted }
