'use strict'

// Checks the options of a webhook. No error shows the address or a header, because both may hold
// secrets.

const { hostname } = require('node:os')
const { codedError } = require('../../errors')
const { isLoopback } = require('../../loopback')
const { isObject } = require('../../validate')
const { MAX_REPEAT } = require('./bodies')

/**
 * @typedef {import('./bodies').Format} Format
 * @typedef {{ url: string, headers: Headers, format: Format, labels: Record<string, string>,
 *   repeat: number }} Target
 */

const KNOWN = ['url', 'format', 'headers', 'labels', 'repeat', 'allowInsecure']
/** Default ms between repetitions. Alertmanager forgets an alert that is not sent again. */
const REPEAT = { alertmanager: 60_000, slack: Infinity }
const MIN_REPEAT = 10_000
/** Maximum number of receivers: a cluster of Alertmanager has three or four. */
const MAX_RECEIVERS = 8
const LABEL = /^[A-Za-z_]\w{0,63}$/

/** Returns a target for each address. @param {unknown} given @returns {Target[]} */
function webhookTargets(given) {
  if (!isObject(given)) throw refusal('webhook', 'an object with a url')
  const unknown = Object.keys(given).find((key) => !KNOWN.includes(key))
  if (unknown !== undefined)
    throw refusal('webhook', `an object with no other options than ${KNOWN.join(', ')}`)
  const { format = 'alertmanager', headers = {}, labels = {}, allowInsecure = false } = given
  if (format !== 'alertmanager' && format !== 'slack') {
    throw refusal('webhook.format', "one of 'alertmanager', 'slack'")
  }
  if (typeof allowInsecure !== 'boolean') throw refusal('webhook.allowInsecure', 'true or false')
  const { repeat = REPEAT[/** @type {Format} */ (format)] } = given
  const shared = {
    format: /** @type {Format} */ (format),
    labels: { job: 'procward', instance: hostname(), ...checkedLabels(labels) },
    repeat: checkedRepeat(repeat),
  }
  return addresses(given.url).map((url) => ({
    ...address(url, allowInsecure, headers),
    ...shared,
  }))
}

/** @param {unknown} given @returns {unknown[]} */
function addresses(given) {
  if (!Array.isArray(given)) return [given]
  if (given.length > 0 && given.length <= MAX_RECEIVERS) return given
  throw refusal('webhook.url', `a URL or an array of 1 to ${MAX_RECEIVERS} URLs`)
}

/** @param {unknown} given @param {boolean} allowInsecure @param {unknown} headers */
function address(given, allowInsecure, headers) {
  const url = parsed(given)
  const isAllowed =
    url?.protocol === 'https:' ||
    (url?.protocol === 'http:' && (allowInsecure || isLoopback(url.hostname)))
  if (!url || !isAllowed) {
    throw refusal(
      'webhook.url',
      'an https: URL, or an http: one of this machine (any with allowInsecure)',
    )
  }
  const all = checkedHeaders(headers)
  all.set('content-type', 'application/json')
  if (url.username || url.password) {
    const user = `${decoded(url.username)}:${decoded(url.password)}`
    all.set('authorization', `Basic ${Buffer.from(user).toString('base64')}`)
    url.username = ''
    url.password = ''
  }
  return { url: url.href, headers: all }
}

/** @param {unknown} given */
function parsed(given) {
  try {
    return new URL(/** @type {string} */ (given))
  } catch {
    return undefined
  }
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** @param {unknown} given */
function checkedHeaders(given) {
  try {
    if (isObject(given)) return new Headers(/** @type {Record<string, string>} */ (given))
  } catch {
    // The error is dropped, because its message quotes the headers.
  }
  throw refusal('webhook.headers', 'an object of HTTP headers')
}

/** @param {unknown} given @returns {Record<string, string>} */
function checkedLabels(given) {
  const isRight =
    isObject(given) &&
    Object.entries(given).every(([name, value]) => LABEL.test(name) && typeof value === 'string')
  if (isRight) return /** @type {Record<string, string>} */ (given)
  throw refusal(
    'webhook.labels',
    'an object of strings with names of letters, digits and underscores',
  )
}

/** @param {unknown} given */
function checkedRepeat(given) {
  if (given === Infinity) return Infinity
  if (Number.isInteger(given) && Number(given) >= MIN_REPEAT && Number(given) <= MAX_REPEAT)
    return Number(given)
  throw refusal(
    'webhook.repeat',
    `a whole number of milliseconds from ${MIN_REPEAT} to ${MAX_REPEAT} or Infinity`,
  )
}

/** @param {string} name @param {string} expected */
function refusal(name, expected) {
  return codedError('ERR_INVALID_CONFIG', `${name} must be ${expected}`)
}

module.exports = { webhookTargets }
