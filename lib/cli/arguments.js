'use strict'

// Parses the arguments: a pure function.

const { parseArgs } = require('node:util')
const { usageError } = require('./failure')
const { plain } = require('./text')

/** @typedef {'status' | 'ps' | 'clean' | 'top' | 'doctor' | 'metrics' | 'register'} Command */

/**
 * The options of each command, besides the common ones.
 * @type {Record<Command, string[]>}
 */
const OF_COMMAND = {
  status: ['url', 'token'],
  ps: ['url', 'token', 'all'],
  clean: ['yes'],
  top: ['url', 'token', 'interval', 'count'],
  doctor: ['url', 'token'],
  metrics: ['url', 'token'],
  register: [],
}

const OPTIONS = /** @type {const} */ ({
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
  json: { type: 'boolean' },
  quiet: { type: 'boolean', short: 'q' },
  url: { type: 'string' },
  token: { type: 'string' },
  all: { type: 'boolean' },
  yes: { type: 'boolean' },
  interval: { type: 'string' },
  count: { type: 'string' },
})
const OF_ALL = ['help', 'version', 'json', 'quiet']
/** The largest interval is a day, the largest count is what 31 bits hold. */
const MOST = { interval: 86_400, count: 2 ** 31 - 1 }

/**
 * @typedef {object} Request
 * @property {Command} [command] - none only where help or the version is asked for
 * @property {boolean} help
 * @property {boolean} version
 * @property {boolean} json
 * @property {boolean} quiet
 * @property {string} [url]
 * @property {string} [token]
 * @property {boolean} all
 * @property {boolean} yes
 * @property {number} interval - seconds
 * @property {number} count
 */

/** @param {string[]} args @returns {Request} @throws `ERR_USAGE` */
function parse(args) {
  const { values, positionals } = split(args)
  const {
    help = false,
    version = false,
    json = false,
    quiet = false,
    all = false,
    yes = false,
  } = values
  const { url, token } = values
  const request = { help, version, json, quiet, all, yes, url, token }
  const numbers = {
    interval: number('interval', values.interval, 2),
    count: number('count', values.count, Infinity),
  }
  const [command, ...rest] = positionals
  if (command === undefined) {
    if (help || version) return { ...request, ...numbers }
    throw usageError('say what to do')
  }
  if (!isCommand(command)) throw usageError(`there is no command ${quoted(command)}`)
  if (rest.length > 0) throw usageError(`${command} takes no ${quoted(rest[0])}`)
  const allowed = [...OF_ALL, ...OF_COMMAND[command]]
  const stranger = Object.keys(values).find((name) => !allowed.includes(name))
  if (stranger !== undefined) throw usageError(`${command} has no option --${stranger}`)
  return { ...request, ...numbers, command }
}

/** @param {string[]} args */
function split(args) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true })
  } catch (error) {
    // Its second sentence is about arguments that begin with a dash.
    const [sentence] = /** @type {Error} */ (error).message.split(/\. |\n/, 1)
    throw usageError(plain(sentence.charAt(0).toLowerCase() + sentence.slice(1)))
  }
}

/** @param {string} text @returns {text is Command} */
function isCommand(text) {
  return Object.hasOwn(OF_COMMAND, text)
}

/** @param {'interval' | 'count'} name @param {string | undefined} text @param {number} fallback */
function number(name, text, fallback) {
  if (text === undefined) return fallback
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN
  if (value >= 1 && value <= MOST[name]) return value
  throw usageError(`--${name} must be a whole number from 1 to ${MOST[name]}, got ${quoted(text)}`)
}

/** @param {string} text */
function quoted(text) {
  return `'${plain(text, 40)}'`
}

module.exports = { OF_COMMAND, parse }
