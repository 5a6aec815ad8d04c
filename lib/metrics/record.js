'use strict'

// Counts every call: a look into two Maps, and one call of the addon with numbers.

const native = require('../native')
const { outcomeOf, rejectionOf } = require('./outcomes')

const { METRICS_OTHER_SERIES: OTHER } = native
const { Ok: OK, Tool: TOOL, Unknown: UNKNOWN } = native.CallOutcome

/** The numbers of the series, by server and tool. @type {Map<string, Map<string, number>>} */
const series = new Map()
/** True when the addon has no series left; series are never freed. */
let isFull = false

/** @param {string} server @param {string} tool */
function seriesOf(server, tool) {
  return series.get(server)?.get(tool) ?? (isFull ? OTHER : newSeries(server, tool))
}

/** @param {string} server @param {string} tool */
function newSeries(server, tool) {
  const number = native.metricsSeries(server, tool)
  if (number === OTHER) {
    isFull = true
    return OTHER
  }
  const tools = series.get(server) ?? new Map()
  series.set(server, tools.set(tool, number))
  return number
}

/**
 * Counts a call that was answered.
 * @param {{ server: string, tool: string }} call
 * @param {number} began - as `performance.now()` tells the time
 */
function recordAnswer({ server, tool }, began) {
  native.metricsRecordCall(seriesOf(server, tool), OK, secondsSince(began))
}

/**
 * Counts a call by its result, which may say `isError`.
 * @param {{ server: string, tool: string }} call
 * @param {any} result
 * @param {number} began
 */
function recordResult({ server, tool }, result, began) {
  const isError = result?.isError === true
  const seconds = secondsSince(began)
  native.metricsRecordCall(seriesOf(server, tool), isError ? TOOL : OK, seconds)
  if (isError) noteFailures().noteToolError({ server, tool }, result, seconds * 1000)
}

/**
 * Counts a call that failed. Unknown names get no series, because a caller can invent any number.
 * @param {{ server: string, tool: string }} call
 * @param {unknown} error
 * @param {number} began
 */
function recordFailure({ server, tool }, error, began) {
  const outcome = outcomeOf(error)
  const number = outcome === UNKNOWN ? OTHER : seriesOf(server, tool)
  const seconds = secondsSince(began)
  native.metricsRecordCall(number, outcome, seconds)
  noteFailures().noteFailedCall({ server, tool }, error, seconds * 1000)
}

/** Counts the wait of a call that got its slot. @param {number} ms - that it waited */
function recordWait(ms) {
  native.metricsRecordWait(ms / 1000)
}

/**
 * Counts a call that got no slot.
 * @param {{ server: string, tool: string }} call
 * @param {unknown} error
 * @param {number} began
 */
function recordRejection(call, error, began) {
  const reason = rejectionOf(error)
  if (reason !== undefined) native.metricsRecordRejection(reason)
  noteFailures().noteFailedCall(call, error, secondsSince(began) * 1000)
}

/** Loaded on use, because most calls succeed. */
function noteFailures() {
  return require('./failed-calls')
}

/** @param {number} began - on the clock of `performance.now()` */
function secondsSince(began) {
  return (performance.now() - began) / 1000
}

/**
 * Counts a call when it has settled.
 * @template T
 * @param {{ server: string, tool: string }} call
 * @param {number} began
 * @param {Promise<T>} answer
 * @returns {Promise<T>}
 */
function recorded(call, began, answer) {
  answer.then(
    (result) => recordResult(call, result, began),
    (error) => recordFailure(call, error, began),
  )
  return answer
}

module.exports = {
  recordAnswer,
  recordFailure,
  recordRejection,
  recordResult,
  recordWait,
  recorded,
}
