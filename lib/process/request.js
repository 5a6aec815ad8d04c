'use strict'

const { childEnvironment, usesWarden } = require('../config')
const validate = require('../validate')

/** @typedef {import('../../index').RunOptions} RunOptions */

const KNOWN = [
  'all',
  'argv0',
  'cwd',
  'detached',
  'encoding',
  'env',
  'input',
  'inputFile',
  'killGrace',
  'killSignal',
  'maxBuffer',
  'onStuck',
  'preferLocal',
  'reject',
  'server',
  'shell',
  'signal',
  'stderr',
  'stdin',
  'stdout',
  'timeout',
  'tool',
]
const DEFAULT_MAX_BUFFER = 10 * 1024 * 1024
const DEFAULT_KILL_GRACE = 2000
/** Behaviours for a process tree that was killed and does not exit. */
const ON_STUCK = /** @type {const} */ (['wait', 'reject'])

/**
 * Checks the arguments of a process. `native` is the part for the addon.
 * @param {unknown} command
 * @param {unknown} args
 * @param {unknown} options
 * @param {number} owner
 */
function processRequest(command, args, options, owner) {
  validate.argument('command', command)
  if (command === '') throw validate.emptyArgument('command')
  // Node.js takes the options in place of the arguments, too.
  if (options === undefined && isOptions(args)) [args, options] = [[], args]
  if (!Array.isArray(args)) throw validate.invalidArgument('args', 'an array of strings', args)
  const given = validate.options('options', options, KNOWN)
  const {
    all = false,
    detached = false,
    encoding = 'utf8',
    killGrace = DEFAULT_KILL_GRACE,
    maxBuffer = DEFAULT_MAX_BUFFER,
    onStuck = 'wait',
    preferLocal = false,
    reject = true,
    shell = false,
    signal,
  } = given
  if (encoding !== 'buffer' && !(typeof encoding === 'string' && Buffer.isEncoding(encoding)))
    throw validate.invalidConfig('encoding', "'buffer' or an encoding that Node.js knows", encoding)
  const text = /^utf-?8$/i.test(encoding)
  const cwd = optional(given.cwd, 'cwd', folder)
  // A copy without holes, which map() would leave out.
  const list = [...args].map((value, at) => validate.argument(`args[${at}]`, value))
  const variables = environment(given.env, validate.boolean('detached', detached))
  if (validate.boolean('preferLocal', preferLocal))
    require('./prefer-local').preferLocal(variables, cwd)
  return {
    signal: optional(signal, 'signal', validate.abortSignal),
    ...input(given),
    reject: validate.boolean('reject', reject),
    encoding: text ? 'utf8' : encoding,
    native: {
      ...(shell === false
        ? { command: String(command), args: list }
        : require('./shell').shellCommand(shell, [String(command), ...list])),
      cwd,
      argv0: optional(given.argv0, 'argv0', validate.string),
      killSignal: optional(given.killSignal, 'killSignal', signalOption),
      streams: streamsOf(given),
      environment: environmentEntries(variables),
      detached,
      guarded: usesWarden(),
      timeout: optional(given.timeout, 'timeout', (name, value) => validate.timeout(name, value)),
      maxBuffer: validate.bytes('maxBuffer', maxBuffer, { unlimited: true }),
      killGrace: validate.time('killGrace', killGrace),
      server: optional(given.server, 'server', validate.string),
      tool: optional(given.tool, 'tool', validate.string),
      owner,
      text,
      all: validate.boolean('all', all),
      onStuck: validate.oneOf('onStuck', onStuck, ON_STUCK),
    },
  }
}

/**
 * @template T
 * @param {unknown} value
 * @param {string} name
 * @param {(name: string, value: unknown) => T} check
 */
function optional(value, name, check) {
  return value === undefined ? undefined : check(name, value)
}

/** @param {unknown} args */
function isOptions(args) {
  return typeof args === 'object' && args !== null && !(Symbol.iterator in args)
}

/** Returns the number of a signal. @param {string} name @param {unknown} value */
function signalOption(name, value) {
  const number = require('../signals').signalNumber(value)
  if (number === undefined)
    throw validate.invalidConfig(
      name,
      "the name or the number of a signal, such as 'SIGINT'",
      value,
    )
  return number
}

/** @param {Record<string, unknown>} given */
function streamsOf(given) {
  const { stdin, stdout, stderr } = given
  // Loaded on use, because most commands have pipes alone.
  return stdin === undefined && stdout === undefined && stderr === undefined
    ? undefined
    : require('./streams').streamChoices(given)
}

/** Returns the path of a folder. @param {string} name @param {unknown} value */
function folder(name, value) {
  return value instanceof URL
    ? require('./file-url').filePath(name, value)
    : validate.text(name, value, { mayBeEmpty: true })
}

/**
 * Returns the bytes of the input, or the source that they are read from.
 * @param {Record<string, unknown>} options
 */
function input({ input, inputFile }) {
  if (input === undefined && inputFile === undefined) return {}
  const data = inputFile === undefined ? validate.asBytes(input) : undefined
  return data ? { input: data } : { source: require('./input').inputSource(input, inputFile) }
}

/** Checks data for stdin. @param {unknown} data */
function bytes(data) {
  const read = validate.asBytes(data)
  if (read === undefined) throw validate.invalidArgument('data', validate.BYTES, data)
  return read
}

/**
 * Returns this process's environment with the variables of `env`. `undefined` removes a variable.
 * @param {unknown} env
 * @param {boolean} detached
 * @returns {Record<string, unknown>}
 */
function environment(env, detached) {
  const merged = { ...childEnvironment(), ...validate.options('env', env) }
  // The cleanup scanner must spare detached descendants too.
  if (detached) merged.PROCWARD_KEEP = '1'
  return merged
}

/**
 * Encodes an environment for the addon: entries, each followed by a NUL.
 * @param {Record<string, unknown>} variables
 */
function environmentEntries(variables) {
  let entries = ''
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) continue
    if (name === '' || name.includes('=', 1) || name.includes('\0')) throw badName(name)
    entries += `${name}=${validate.secret(`env.${name}`, value)}\0`
  }
  return entries
}

/**
 * Returns the error for a name that no variable can have. The part after a "=" may be a value in
 * the wrong place, so it is not shown.
 * @param {string} name
 */
function badName(name) {
  const [key] = name.split('=')
  if (name.includes('\0')) return validate.nullByte(`the name ${validate.show(key)} in env`)
  const shown = name === '' ? name : `${key}=…`
  return validate.invalidConfig('each name in env', 'a text without "="', shown)
}

module.exports = { DEFAULT_KILL_GRACE, ON_STUCK, bytes, environmentEntries, processRequest }
