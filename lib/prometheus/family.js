'use strict'

// The shapes of metrics, and functions that make them.

const { MAX_SERVERS } = require('../metrics/limits')

const MAX_NAME = 100

/**
 * A counter's name has its `_total` in the text only. Of a histogram there are sum and count, and
 * for each bound how many were not above it.
 * @typedef {Record<string, string>} Labels
 * @typedef {{ labels: Labels, value: number }} Point
 * @typedef {{ labels: Labels, sum: number, count: number, buckets: [bound: number, count: number][]
 *   }} Distribution
 * @typedef {{ name: string, help: string, aggregator: Aggregator } & (
 *   { type: 'gauge' | 'counter', points: Point[] } |
 *   { type: 'histogram', points: Distribution[] })} Family
 *
 * The way in which prom-client joins the values of a cluster's workers. Gauges name theirs.
 * Counters and histograms are summed.
 * @typedef {'sum' | 'max' | 'min' | 'first' | 'average' | 'omit'} Aggregator
 */

/**
 * @param {string} label
 * @param {Record<string, number>} counts
 * @param {Labels} [more]
 * @returns {Point[]}
 */
function by(label, counts, more) {
  return Object.entries(counts).map(([name, value]) => ({
    labels: { ...more, [label]: name },
    value,
  }))
}

/**
 * @param {Labels} labels
 * @param {import('../metrics/collect').Histogram} histogram
 * @param {number[]} bounds
 * @returns {Distribution}
 */
function distribution(labels, { sum, count, buckets }, bounds) {
  return { labels, sum, count, buckets: buckets.map((below, at) => [bounds[at], below]) }
}

/**
 * @param {string} name
 * @param {string} help
 * @param {Aggregator} aggregator
 * @param {number} value
 */
function single(name, help, aggregator, value) {
  return gauge(name, help, aggregator, [{ labels: {}, value }])
}

/**
 * @param {string} name
 * @param {string} help
 * @param {Aggregator} aggregator
 * @param {Point[]} points
 * @returns {Family}
 */
function gauge(name, help, aggregator, points) {
  return { name, help, type: 'gauge', aggregator, points }
}

/** @param {string} name @param {string} help @param {Point[]} points @returns {Family} */
function counter(name, help, points) {
  return { name, help, type: 'counter', aggregator: 'sum', points }
}

/** @param {string} name @param {string} help @param {Distribution[]} points @returns {Family} */
function histogram(name, help, points) {
  return { name, help, type: 'histogram', aggregator: 'sum', points }
}

/**
 * Returns a name as the addon writes it: short, and without control characters.
 * @param {string} name
 */
function label(name) {
  return [...name.replace(/\p{Cc}/gu, '')].slice(0, MAX_NAME).join('')
}

/**
 * Returns the key under which a name is counted: `other`, unless it has its own place or may get
 * one.
 * @param {ReadonlyMap<string, unknown>} kept - the names so far
 * @param {string} name
 * @param {boolean} [mayHaveOwn]
 */
function foldedName(kept, name, mayHaveOwn = true) {
  return kept.has(name) || (mayHaveOwn && kept.size < MAX_SERVERS) ? name : 'other'
}

module.exports = { by, counter, distribution, foldedName, gauge, histogram, label, single }
