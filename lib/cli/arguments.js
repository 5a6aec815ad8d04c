'use strict'

// Parses the arguments: a pure function.

const { parseArgs } = require('node:util')
const { usageError } = require('./failure')
const { didYouMean } = require('./similar')
const { plain } = require('./text')

/**
 * @typedef {'status' | 'ps' | 'logs' | 'run' | 'kill' | 'clean' | 'top' | 'doctor' | 'metrics' |
 *   'fleet' | 'init' | 'register' | 'help'} Command
 */

/**
 * The options of each command, besides the common ones.
 * @type {Record<Command, string[]>}
 */
const OF_COMMAND = {
  status: ['url', 'pid', 'token'],
  ps: ['url', 'pid', 'token', 'all'],
  logs: ['url', 'pid', 'token', 'count'],
  run: ['timeout', 'grace'],
  kill: ['grace'],
  clean: ['yes'],
  top: ['url', 'pid', 'token', 'interval', 'count'],
  doctor: ['url', 'pid', 'token'],
  metrics: ['url', 'pid', 'token'],
  fleet: [],
  init: [],
  register: [],
  help: [],
}

const OPTIONS = /** @type {const} */ ({
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
  json: { type: 'boolean' },
  quiet: { type: 'boolean', short: 'q' },
  url: { type: 'string' },
  pid: { type: 'string' },
  token: { type: 'string' },
  all: { type: 'boolean' },
  yes: { type: 'boolean' },
  interval: { type: 'string' },
  count: { type: 'string' },
  grace: { type: 'string' },
  timeout: { type: 'string' },
})
const OF_ALL = ['help', 'version', 'json', 'quiet']
/** The smallest and the largest values. An interval and a grace are a day at most. */
const BOUNDS = {
  interval: [1, 86_400],
  count: [1, 2 ** 31 - 1],
  grace: [0, 86_400_000],
}
/** The units of a timeout, in ms. @type {Record<string, number>} */
const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
/** The longest timeout that a timer takes. */
const LONGEST_TIMEOUT = 24 * UNITS.d
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
 * @property {number} [serverPid] - of the server that the command is about
 * @property {string} [token]
 * @property {boolean} all
 * @property {boolean} yes
 * @property {number} interval - seconds
 * @property {number} count
 * @property {number} grace - ms between SIGTERM and SIGKILL
 * @property {number} timeout - ms, of `run`
 * @property {number} pid - of `kill`, otherwise 0
 * @property {Command} [topic] - of `help`
 * @property {string[]} words - the command and its arguments, of `run`
 */

/** @param {string[]} args @returns {Request} @throws `ERR_USAGE` */
function parse(args) {
  const { own, words } = apart(args)
  const { values, positionals } = split(own)
  const {
    help = false,
    version = false,
    json = false,
    quiet = false,
    all = false,
    yes = false,
  } = values
  const { url, token } = values
  const serverPid = values.pid === undefined ? undefined : pidOf('--pid', values.pid)
  const request = { help, version, json, quiet, all, yes, url, serverPid, token, words }
  const numbers = {
    interval: number('interval', values.interval, 2),
    count: number('count', values.count, Infinity),
    grace: number('grace', values.grace, 2000),
    timeout: values.timeout === undefined ? Infinity : timeoutOf(values.timeout),
    pid: 0,
  }
  const [name, ...rest] = positionals
  if (name === undefined) {
    if (help || version) return { ...request, ...numbers }
    throw usageError('say what to do')
  }
  const command = requireCommand(name)
  const topic = command === 'help' && rest[0] ? requireCommand(String(rest.shift())) : undefined
  if (command === 'kill' && !help) numbers.pid = pidOf('PID', killed(rest.shift()))
  if (rest.length > 0 && !(command === 'kill' && help))
    throw usageError(`${command} takes no ${quoted(rest[0])}`)
  requireOptions(command, Object.keys(values))
  if (command === 'run' && json) throw usageError('run has no option --json')
  if (command === 'run' && !help && !words[0]) throw usageError('run needs a COMMAND')
  return { ...request, ...numbers, command, topic }
}

/**
 * Separates the command of `run` from the arguments before it. Its own options mean nothing here.
 * @param {string[]} args
 */
function apart(args) {
  const { tokens } = parseArgs({
    args,
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const [first, second] = tokens.filter(({ kind }) => kind !== 'option')
  const isRun = first?.kind === 'positional' && first.value === 'run'
  if (!isRun || second === undefined) return { own: args, words: [] }
  const begin = second.kind === 'positional' ? second.index : second.index + 1
  return { own: args.slice(0, second.index), words: args.slice(begin) }
}

/** @param {string[]} args */
function split(args) {
  try {
    return parseArgs({ args: withNegatives(args), options: OPTIONS, allowPositionals: true })
  } catch (error) {
    // Its second sentence is about arguments that begin with a dash.
    const [sentence] = /** @type {Error} */ (error).message.split(/\. |\n/, 1)
    const [, lacking] =
      /^Option '(?:-\w, )?(--\w+)(?: <value>)?' argument (?:missing|is ambiguous)/.exec(sentence) ??
      []
    if (lacking !== undefined) throw usageError(`${lacking} needs a value`)
    const [, option] = /^Unknown option '(--[^']+)'/.exec(sentence) ?? []
    const hint = option === undefined ? '' : didYouMean(option, Object.keys(OPTIONS).map(dashed))
    throw usageError(plain(sentence.charAt(0).toLowerCase() + sentence.slice(1)) + hint)
  }
}

/**
 * Joins a negative number to its option, so that the check of the option's value refuses it.
 * @param {string[]} args
 */
function withNegatives(args) {
  const end = args.indexOf('--')
  const isValue = (/** @type {number} */ at) =>
    /^-[\d.]/.test(args[at] ?? '') && takesValue(args[at - 1]) && (end === -1 || at < end)
  return args.flatMap((arg, at) =>
    isValue(at) ? [] : isValue(at + 1) ? [`${arg}=${args[at + 1]}`] : [arg],
  )
}

/** @param {string} [arg] */
function takesValue(arg = '') {
  return Object.entries(OPTIONS).some(
    ([name, { type }]) => type === 'string' && arg === `--${name}`,
  )
}

/** @param {string} name */
function dashed(name) {
  return `--${name}`
}

/** @param {Command} command @param {string[]} names */
function requireOptions(command, names) {
  const allowed = [...OF_ALL, ...OF_COMMAND[command]]
  const stranger = names.find((name) => !allowed.includes(name))
  if (stranger === undefined) return
  const hint = didYouMean(dashed(stranger), allowed.map(dashed))
  throw usageError(`${command} has no option ${dashed(stranger)}${hint}`)
}

/** @param {string} text @returns {Command} */
function requireCommand(text) {
  if (Object.hasOwn(OF_COMMAND, text)) return /** @type {Command} */ (text)
  const hint = didYouMean(text, Object.keys(OF_COMMAND))
  throw usageError(`there is no command ${quoted(text)}${hint}`)
}

/** @param {string | undefined} text */
function killed(text) {
  if (text === undefined) throw usageError('kill needs a PID')
  return text
}

/** @param {string} name @param {string} text */
function pidOf(name, text) {
  const pid = /^\d{1,10}$/.test(text) ? Number(text) : 0
  if (pid >= 1 && pid <= LARGEST_PID) return pid
  throw usageError(`${name} must be a whole number from 1 to ${LARGEST_PID}, got ${quoted(text)}`)
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

/** Reads a time such as `60s`; without a unit, seconds. @param {string} text */
function timeoutOf(text) {
  const [, amount, unit] = /^(\d{1,10}(?:\.\d{1,3})?)(ms|[smhd])?$/.exec(text) ?? []
  const time = Math.round(Number(amount) * UNITS[unit ?? 's'])
  if (time >= 1 && time <= LONGEST_TIMEOUT) return time
  throw usageError(`--timeout must be a time from 1ms to 24d, such as 60s, got ${quoted(text)}`)
}

/** @param {string} text */
function quoted(text) {
  return `'${plain(text, 40)}'`
}

module.exports = { OF_COMMAND, parse }
