'use strict'

// What is posted, in the words of those who receive it.

/**
 * @typedef {import('../../../index').Alert & { resolvedAt?: number }} Notice
 *   An alert that was raised, is still active, or was resolved.
 * @typedef {'alertmanager' | 'slack'} Format
 */

/**
 * Ms after which Alertmanager takes an alert for resolved that it is not told of again, because its
 * server may be gone.
 */
const EXPIRY = 4 * 60_000

/**
 * Alertmanager's API v2.
 * @param {Notice[]} notices
 * @param {{ labels: Record<string, string> }} target
 * @param {number} now
 */
function alertmanager(notices, { labels }, now) {
  return notices.map(({ name, level, message, since, value, threshold, resolvedAt }) => ({
    labels: { ...labels, alertname: name, severity: level },
    annotations: { summary: message, value: String(value), threshold: String(threshold) },
    startsAt: new Date(since).toISOString(),
    // The clock may have been set back since the alert began; Alertmanager refuses one that ends
    // before that.
    endsAt: new Date(resolvedAt ?? Math.max(now, since) + EXPIRY).toISOString(),
  }))
}

/**
 * Slack's incoming webhooks, and those that understand them.
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

module.exports = { bodies }
