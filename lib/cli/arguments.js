'use strict'

// Parses the arguments: a pure function.

const { parseArgs } = require('node:util')
const { usageError } = require('./failure')
const { plain } = require('./text')

/**
 * @typedef {'status' | 'ps' | 'kill' | 'clean' | 'top' | 'doctor' | 'metrics' | 'register'} Command
 */

/**
 * The options of each command, besides the common ones.
 * @type {Record<Command, string[]>}
 */
const OF_COMMAND = {
  status: ['url', 'token'],
  ps: ['url', 'token', 'all'],
  kill: ['grace'],
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
  grace: { type: 'string' },
})
const OF_ALL = ['help', 'version', 'json', 'quiet']
/** The smallest and the largest values. An interval and a grace are a day at most. */
const BOUNDS = {
  interval: [1, 86_400],
  count: [1, 2 ** 31 - 1],
  grace: [0, 86_400_000],
}
/** The largest pid of any system, 2^32 - 1 on Windows. */
const LARGEST_PID = 2 ** 32 - 1

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
 * @property {number} grace - ms between SIGTERM and SIGKILL
 * @property {number} pid - of `kill`, otherwise 0
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
    grace: number('grace', values.grace, 2000),
    pid: 0,
  }
  const [command, ...rest] = positionals
  if (command === undefined) {
    if (help || version) return { ...request, ...numbers }
    throw usageError('say what to do')
  }
  if (!isCommand(command)) throw usageError(`there is no command ${quoted(command)}`)
  if (command === 'kill' && !help) numbers.pid = pidOf(rest.shift())
  if (rest.length > 0 && !(command === 'kill' && help))
    throw usageError(`${command} takes no ${quoted(rest[0])}`)
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

/** @param {string | undefined} text */
function pidOf(text) {
  if (text === undefined) throw usageError('kill needs a PID')
  const pid = /^\d{1,10}$/.test(text) ? Number(text) : 0
  if (pid >= 1 && pid <= LARGEST_PID) return pid
  throw usageError(`PID must be a whole number from 1 to ${LARGEST_PID}, got ${quoted(text)}`)
}

/** @param {keyof typeof BOUNDS} name @param {string | undefined} text @param {number} fallback */
function number(name, text, fallback) {
  if (text === undefined) return fallback
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN
  const [least, most] = BOUNDS[name]
  if (value >= least && value <= most) return value
  const expected = `a whole number from ${least} to ${most}`
  throw usageError(`--${name} must be ${expected}, got ${quoted(text)}`)
}

/** @param {string} text */
function quoted(text) {
  return `'${plain(text, 40)}'`
}

module.exports = { OF_COMMAND, parse }
