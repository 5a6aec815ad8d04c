'use strict'

// What an entry of mcporter's file may hold. A complaint names the place, never the value, which may be a secret.

const { isRecord } = require('./parse')

/** An entry as it stands in the file. @typedef {Record<string, any>} Entry */
/** @typedef {[expected: string, fits: (value: any) => boolean]} Type */

/** Why an entry can't be used. */
class UnusableEntry extends Error {}

/** @type {Type} */
const TEXT = ['a string', (value) => typeof value === 'string']
/** @type {Type} */
const TEXTS = ['an array of strings', areTexts]
/** @type {Type} */
const TEXT_OR_TEXTS = ['a string or an array of strings', (value) => typeof value === 'string' || areTexts(value)]
/** @type {Type} */
const NAMED_TEXTS = ['an object of strings', (value) => isRecord(value) && areTexts(Object.values(value))]
/** @type {Type} */
const COMMAND = ['an object with args, an array of strings', (value) => isRecord(value) && areTexts(value.args)]
/** @type {Type} */
const HTTP_FETCH = ["'default' or 'node-http1'", (value) => value === 'default' || value === 'node-http1']
/** @type {Type} */
const LIFECYCLE = ["'keep-alive', 'ephemeral' or an object with mode and idleTimeoutMs", isLifecycle]
/** @type {Type} */
const REFRESH = ['an object of strings, and whole numbers of seconds', isRefresh]
/** @type {Type} */
const LOGGING = ['an object', (value) => isRecord(value) && (value.daemon === undefined || isRecord(value.daemon))]

/** By the name in camel case; what is `true` there has a spelling with underscores too. @type {[string, Type, boolean][]} */
const KEYS = [
  ['description', TEXT, false],
  ['baseUrl', TEXT, true],
  ['url', TEXT, false],
  ['serverUrl', TEXT, true],
  ['command', TEXT_OR_TEXTS, false],
  ['executable', TEXT, false],
  ['args', TEXTS, false],
  ['cwd', TEXT, false],
  ['headers', NAMED_TEXTS, false],
  ['env', NAMED_TEXTS, false],
  ['auth', TEXT, false],
  ['tokenCacheDir', TEXT, true],
  ['clientName', TEXT, true],
  ['oauthClientId', TEXT, true],
  ['oauthClientSecret', TEXT, true],
  ['oauthClientSecretEnv', TEXT, true],
  ['oauthTokenEndpointAuthMethod', TEXT, true],
  ['oauthRedirectUrl', TEXT, true],
  ['oauthScope', TEXT, true],
  ['oauthCommand', COMMAND, true],
  ['bearerToken', TEXT, true],
  ['bearerTokenEnv', TEXT, true],
  ['refresh', REFRESH, false],
  ['httpFetch', HTTP_FETCH, true],
  ['lifecycle', LIFECYCLE, false],
  ['logging', LOGGING, false],
  ['allowedTools', TEXTS, true],
  ['blockedTools', TEXTS, true],
]

/** @type {Map<string, Type>} */
const TYPES = new Map()
for (const [key, type, hasSnake] of KEYS) {
  TYPES.set(key, type)
  if (hasSnake) TYPES.set(snake(key), type)
}

/** What other clients of MCP write into their entries. mcporter passes over it, and so far it changes nothing there. */
const OTHERS = new Set([
  ...['type', 'transport', 'transportType', 'name', 'title', 'icon', 'version', 'note', 'notes', 'comment', 'gallery'],
  ...['enabled', 'disabled', 'timeout', 'startupTimeout', 'startup_timeout_sec', 'tool_timeout_sec', 'trust', 'dev'],
  ...['autoApprove', 'alwaysAllow', 'autoStart', 'disabledTools', 'enabledTools', 'includeTools', 'excludeTools'],
])

/** What is wrong with an entry, or `undefined`. @param {unknown} entry */
function entryProblem(entry) {
  if (!isRecord(entry)) return 'it must be an object'
  for (const [key, [expected, fits]] of TYPES) {
    if (entry[key] !== undefined && !fits(entry[key])) return `${key} must be ${expected}`
  }
  const allowed = either(entry, 'allowedTools')
  if (allowed !== undefined && either(entry, 'blockedTools') !== undefined) {
    return 'it can have either allowedTools or blockedTools, not both'
  }
  return undefined
}

/** The first key that means something to a newer mcporter perhaps, or `undefined`. @param {Entry} entry */
function unknownKey(entry) {
  return Object.keys(entry).find((key) => !TYPES.has(key) && !OTHERS.has(key) && !/^([_$#]|\/\/)/.test(key))
}

/** A value in either spelling of its name. @param {Entry} entry @param {string} key */
function either(entry, key) {
  return entry[key] ?? entry[snake(key)]
}

/** @param {string} key */
function snake(key) {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** @param {unknown} value @returns {value is string[]} */
function areTexts(value) {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

/** @param {unknown} value */
function isLifecycle(value) {
  const mode = isRecord(value) ? value.mode : value
  const idle = isRecord(value) ? value.idleTimeoutMs : undefined
  return ['keep-alive', 'ephemeral'].includes(mode) && (idle === undefined || (Number.isInteger(idle) && idle > 0))
}

/** @param {unknown} value */
function isRefresh(value) {
  if (!isRecord(value)) return false
  return Object.entries(value).every(([key, each]) =>
    /^refresh(SkewS|_skew_s)econds$/.test(key) ? Number.isInteger(each) && each >= 0 : typeof each === 'string',
  )
}

module.exports = { UnusableEntry, areTexts, either, entryProblem, snake, unknownKey }
