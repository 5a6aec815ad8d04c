'use strict'

// The bodies of requests, in the formats of the receivers.

/**
 * @typedef {import('../../../index').Alert & { resolvedAt?: number }} Notice
 *   An alert that was raised, is still active, or was resolved.
 * @typedef {'alertmanager' | 'slack'} Format
 */

/**
 * Ms after which Alertmanager resolves an alert that is not sent again, because the server may have
 * died.
 */
const EXPIRY = 4 * 60_000

/**
 * Returns the body for Alertmanager's API v2.
 * @param {Notice[]} notices
 * @param {{ labels: Record<string, string> }} target
 * @param {number} now
 */
function alertmanager(notices, { labels }, now) {
  return notices.map(({ name, level, message, since, value, threshold, resolvedAt }) => ({
    labels: { ...labels, alertname: name, severity: level },
    annotations: { summary: message, value: String(value), threshold: String(threshold) },
    startsAt: new Date(since).toISOString(),
    // The clock may have been set back. Alertmanager refuses an alert that ends before its start.
    endsAt: new Date(resolvedAt ?? Math.max(now, since) + EXPIRY).toISOString(),
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

module.exports = { bodies }
