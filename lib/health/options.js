'use strict'

const { isIP } = require('node:net')
const { announces } = require('../config')
const { codedError } = require('../errors')
const { sourceOf } = require('../source')
const validate = require('../validate')

/**
 * The source of the routes' answers.
 * @typedef {import('../metrics/collect').Source & {
 *   recommendedMax: number | undefined,
 *   prefix: string,
 *   access: import('./access').AccessRules,
 *   announce: boolean,
 * }} HealthSource
 */

const KNOWN = ['helper', 'cleanup', 'recommendedMax', 'prefix', 'token', 'allowedHosts', 'announce']

/** @param {unknown} given @returns {HealthSource} */
function healthOptions(given) {
  const options = validate.options('options', given, KNOWN)
  const { recommendedMax, prefix = '' } = options
  return {
    ...sourceOf(options),
    recommendedMax:
      recommendedMax === undefined ? undefined : validate.count('recommendedMax', recommendedMax),
    prefix: mountPath(prefix),
    announce:
      options.announce === undefined ? announces() : validate.boolean('announce', options.announce),
    access: { token: secret(options.token), allowedHosts: hostNames(options.allowedHosts) },
  }
}

/** @param {unknown} value */
function mountPath(value) {
  const prefix = validate.string('prefix', value)
  if (prefix === '' || /^\/[^?#]*$/.test(prefix))
    return prefix.endsWith('/') ? prefix.slice(0, -1) : prefix
  throw validate.invalidConfig('prefix', "a path such as '/api/health'", value)
}

/** Checks a token for the Authorization header. Errors never show it. @param {unknown} value */
function secret(value) {
  if (value === undefined) return undefined
  if (typeof value === 'string' && /^[!-~]+$/.test(value)) return value
  const expected = 'a string of printable ASCII characters without spaces'
  if (typeof value !== 'string' || value === '')
    throw validate.invalidConfig('token', expected, value)
  validate.string('token', value)
  const got = `a string of ${value.length} characters with others`
  throw codedError('ERR_INVALID_CONFIG', `token must be ${expected}, got ${got}`)
}

/** @param {unknown} value @returns {ReadonlySet<string>} */
function hostNames(value = []) {
  if (!Array.isArray(value)) throw validate.invalidConfig('allowedHosts', 'an array', value)
  return new Set([...value].map((entry, at) => hostName(`allowedHosts[${at}]`, entry)))
}

/** @param {string} name @param {unknown} value */
function hostName(name, value) {
  const host = validate.string(name, value).toLowerCase()
  if (isIP(host) !== 0 || /^[a-z\d_]([a-z\d_.-]*[a-z\d_])?$/.test(host)) return host
  throw validate.invalidConfig(
    name,
    "a host name without scheme, port and path such as 'ops.example.org'",
    value,
  )
}

module.exports = { healthOptions }
