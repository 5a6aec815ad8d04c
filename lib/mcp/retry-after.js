'use strict'

// The time for which a server asked to be left alone, in ms: read from headers and structured
// fields, never from the words of a text.

const LONGEST = 3_600_000
const NUMBER = /^\s*\d{1,400}(?:\.\d{1,400})?\s*$/
/** The members of an object that name a time, and the ms in one of each. */
const FIELDS = /** @type {const} */ ([
  ['retry_after_ms', 1],
  ['retryAfterMs', 1],
  ['retry_after', 1000],
  ['retryAfter', 1000],
])
/** The errors that carry a server's own word. Others have a `retryAfter` of procward's. */
const FROM_SERVER = new Set(['ERR_MCP', 'ERR_TOOL', 'ERR_SERVER_START', 'ERR_SERVER_EXITED'])

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** The three forms of an HTTP date: `Sun, 06 Nov 1994 08:49:37 GMT` and two older ones. */
const DATES = [
  /^\w{3}, (?<day>\d\d) (?<month>\w{3}) (?<year>\d{4}) (?<time>[0-2]\d:[0-5]\d:[0-6]\d) GMT$/,
  /^\w{6,9}, (?<day>\d\d)-(?<month>\w{3})-(?<year>\d\d) (?<time>[0-2]\d:[0-5]\d:[0-6]\d) GMT$/,
  /^\w{3} (?<month>\w{3}) (?<day>[ \d]\d) (?<time>[0-2]\d:[0-5]\d:[0-6]\d) (?<year>\d{4})$/,
]

/**
 * The headers of an HTTP 429 or 503; see src/mcp/retry_hint.rs. `received` is in ms since 1970.
 * @typedef {{ after?: string, afterMs?: string, date?: string, received: number }} RetryHeaders
 */

/**
 * Returns how long the server of a failed call asked to be left alone. An error for which the
 * server was not asked, such as `ERR_SERVER_UNAVAILABLE`, says nothing about that.
 * @param {any} error
 * @returns {number | undefined} ms, at most an hour
 */
function retryAfterOf(error) {
  return FROM_SERVER.has(error?.code) ? duration(error.retryAfter, 1) : undefined
}

/**
 * Reads a refused request: the headers of the answer, then the JSON-RPC error's data.
 * @param {RetryHeaders | undefined} headers
 * @param {unknown} data
 */
function retryAfterInRefusal(headers, data) {
  return (headers && inHeaders(headers)) ?? inFields(data)
}

/** Reads a tool's answer that says `isError`. @param {any} result */
function retryAfterInResult(result) {
  return inFields(result?.structuredContent) ?? inFields(result?._meta)
}

/** @param {RetryHeaders} headers */
function inHeaders({ after, afterMs, date, received }) {
  const named = duration(afterMs, 1) ?? duration(after, 1000)
  if (named !== undefined || after === undefined) return named
  const until = dateIn(after)
  // The server's own clock, if it is known, may differ from the local one.
  return until === undefined ? undefined : duration(until - (dateIn(date ?? '') ?? received), 1)
}

/** @param {any} object */
function inFields(object) {
  if (typeof object !== 'object' || object === null) return undefined
  for (const [name, unit] of FIELDS) {
    const found = Object.hasOwn(object, name) ? duration(object[name], unit) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * Reads a duration. A text must be a plain number.
 * @param {unknown} value
 * @param {number} unit - ms
 */
function duration(value, unit) {
  const isText = typeof value === 'string' && NUMBER.test(value)
  const number = isText ? Number(value) : value
  if (typeof number !== 'number' || !(number > 0)) return undefined
  return Math.min(Math.ceil(number * unit), LONGEST)
}

/** @param {string} text @returns {number | undefined} ms since 1970 */
function dateIn(text) {
  for (const form of DATES) {
    const { day, month, year, time } = form.exec(text)?.groups ?? {}
    if (day === undefined) continue
    const [hours, minutes, seconds] = time.split(':').map(Number)
    const ms = Date.UTC(fullYear(year), MONTHS.indexOf(month), Number(day), hours, minutes, seconds)
    // A day or month that does not exist is moved to another one.
    const date = new Date(ms)
    return date.getUTCDate() === Number(day) && MONTHS[date.getUTCMonth()] === month
      ? ms
      : undefined
  }
  return undefined
}

/** Completes a year: of two digits, 70 and above are of the last century. @param {string} year */
function fullYear(year) {
  const number = Number(year)
  if (year.length > 2) return number
  return number < 70 ? 2000 + number : 1900 + number
}

module.exports = { retryAfterInRefusal, retryAfterInResult, retryAfterOf }
