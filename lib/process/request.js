'use strict'

const { childEnvironment, usesWarden } = require('../config')
const validate = require('../validate')

/** @typedef {import('../../index').RunOptions} RunOptions */

const KNOWN = [
  'cwd',
  'detached',
  'encoding',
  'env',
  'input',
  'killGrace',
  'maxBuffer',
  'onStuck',
  'reject',
  'server',
  'signal',
  'timeout',
  'tool',
]
const DEFAULT_MAX_BUFFER = 10 * 1024 * 1024
const DEFAULT_KILL_GRACE = 2000
/** Behaviours for a process tree that was killed and does not exit. */
const ON_STUCK = /** @type {const} */ (['wait', 'reject'])
const BYTES = 'a string, a Buffer or a Uint8Array'

/**
 * Checks the arguments of a process. `native` is the part for the addon.
 * @param {unknown} command
 * @param {unknown} args
 * @param {unknown} options
 * @param {number} owner
 */
function processRequest(command, args, options, owner) {
  validate.argument('command', command)
  if (command === '')
    throw validate.invalidArgument('command', 'the name or path of a program', command)
  if (!Array.isArray(args)) throw validate.invalidArgument('args', 'an array of strings', args)
  const given = validate.options('options', options, KNOWN)
  const {
    detached = false,
    encoding = 'utf8',
    killGrace = DEFAULT_KILL_GRACE,
    maxBuffer = DEFAULT_MAX_BUFFER,
    onStuck = 'wait',
    reject = true,
    signal,
  } = given
  validate.oneOf('encoding', encoding, ['utf8', 'buffer'])
  return {
    signal: optional(signal, 'signal', validate.abortSignal),
    input: optional(given.input, 'input', input),
    reject: validate.boolean('reject', reject),
    text: encoding === 'utf8',
    native: {
      command: String(command),
      // A copy without holes, which map() would leave out.
      args: [...args].map((value, at) => validate.argument(`args[${at}]`, value)),
      cwd: optional(given.cwd, 'cwd', text),
      environment: environment(given.env, validate.boolean('detached', detached)),
      detached,
      guarded: usesWarden(),
      timeout: optional(given.timeout, 'timeout', (name, value) => validate.timeout(name, value)),
      maxBuffer: validate.bytes('maxBuffer', maxBuffer),
      killGrace: validate.time('killGrace', killGrace),
      server: optional(given.server, 'server', validate.string),
      tool: optional(given.tool, 'tool', validate.string),
      owner,
      text: encoding === 'utf8',
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

/** @param {string} name @param {unknown} value */
function text(name, value) {
  return validate.text(name, value, { mayBeEmpty: true })
}

/** @param {string} name @param {unknown} value */
function input(name, value) {
  const data = asBytes(value)
  if (data === undefined) throw validate.invalidConfig(name, BYTES, value)
  return data
}

/** Checks data for stdin. @param {unknown} data */
function bytes(data) {
  const read = asBytes(data)
  if (read === undefined) throw validate.invalidArgument('data', BYTES, data)
  return read
}

/** @param {unknown} value */
function asBytes(value) {
  if (typeof value === 'string') return Buffer.from(value)
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return undefined
}

/**
 * Returns this process's environment with the variables of `env`. `undefined` removes a variable.
 * @param {unknown} env
 * @param {boolean} detached
 */
function environment(env, detached) {
  const merged = Object.assign(childEnvironment(), validate.options('env', env))
  // The cleanup scanner must spare detached descendants too.
  if (detached) merged.PROCWARD_KEEP = '1'
  return environmentEntries(merged)
}

/**
 * Encodes an environment for the addon: entries, each followed by a NUL.
 * @param {Record<string, unknown>} variables
 */
function environmentEntries(variables) {
  let entries = ''
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) continue
    // The part after a "=" may be a value in the wrong place.
    const [shown] = name.split('=')
    if (name.includes('\0')) throw validate.nullByte(`the name ${validate.show(shown)} in env`)
    if (name === '' || name.includes('=', 1))
      throw validate.invalidConfig('env', 'made of names without "="', shown)
    entries += `${name}=${validate.secret(`env.${name}`, value)}\0`
  }
  return entries
}

module.exports = { ON_STUCK, bytes, environmentEntries, processRequest }
