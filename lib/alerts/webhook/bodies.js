'use strict'

// The bodies of requests, in the formats of the receivers.

/**
 * @typedef {import('../../../index').Alert & { resolvedAt?: number }} Notice
 *   An alert that was raised, is still active, or was resolved.
 * @typedef {'alertmanager' | 'slack'} Format
 */

/**
 * Ms beyond the next repetition after which Alertmanager resolves an alert that is not sent again,
 * because the server may have died.
 */
const GRACE = 3 * 60_000
/** The longest time between repetitions, and so that of an alert that is not repeated. */
const MAX_REPEAT = 24 * 3_600_000

/**
 * Returns the body for Alertmanager's API v2.
 * @param {Notice[]} notices
 * @param {{ labels: Record<string, string>, repeat: number }} target
 * @param {number} now
 */
function alertmanager(notices, { labels, repeat }, now) {
  const expiry = now + Math.min(repeat, MAX_REPEAT) + GRACE
  return notices.map(({ name, level, message, since, value, threshold, resolvedAt }) => ({
    labels: { ...labels, alertname: name, severity: level },
    annotations: { summary: message, value: String(value), threshold: String(threshold) },
    // The clock may have been set back. Alertmanager refuses an alert that ends before its start,
    // and keeps one that ends in the future.
    startsAt: new Date(Math.min(since, resolvedAt ?? now, now)).toISOString(),
    endsAt: new Date(resolvedAt === undefined ? expiry : Math.min(resolvedAt, now)).toISOString(),
  }))
}

/**
 * Returns the body for Slack's incoming webhooks and compatible receivers.
 * @param {Notice[]} notices
 * @param {{ labels: Record<string, string> }} target
 */
function slack(notices, { labels: { instance } }) {
  const lines = notices.map(({ level, message, resolvedAt }) => {
    const state = resolvedAt === undefined ? level : 'resolved'
    return `[${state}] ${instance}: ${message}`
  })
  return { text: escaped(lines.join('\n')) }
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

const bodies = { alertmanager, slack }

module.exports = { MAX_REPEAT, bodies }
