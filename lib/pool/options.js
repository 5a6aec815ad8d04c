'use strict'

const config = require('../config')
const { processRequest } = require('../process/request')
const validate = require('../validate')

const PROCESS = ['cwd', 'env', 'killGrace', 'maxBuffer', 'server']
const OWN = [
  'acquireTimeout',
  'args',
  'command',
  'idleTimeout',
  'json',
  'maxLifetime',
  'maxQueue',
  'maxSize',
  'maxUses',
  'minWarm',
  'ready',
  'readyTimeout',
]
const DEFAULTS = {
  acquireTimeout: 60_000,
  idleTimeout: 30_000,
  maxQueue: Infinity,
  minWarm: 0,
  readyTimeout: 30_000,
}
/** The number of workers that may be starting at a time, because a start costs most. */
const MAX_STARTING = 2
/** The pool's workers belong to no runner. */
const NO_OWNER = 0

/** Checks the options of a pool. @param {unknown} options */
function poolOptions(options) {
  if (options === undefined)
    throw validate.invalidConfig('options', 'an object with at least a command', options)
  /** @type {Record<string, any>} */
  const given = {
    ...DEFAULTS,
    ...defined(validate.options('options', options, [...OWN, ...PROCESS])),
  }
  const { command, args = [], json = false, ready = false, maxSize = config.poolSize() } = given
  const unlimited = { unlimited: true }
  validate.string('command', command)
  if (command === '')
    throw validate.invalidConfig('command', 'the name or path of a program', command)
  if (!Array.isArray(args)) throw validate.invalidConfig('args', 'an array of strings', args)
  validate.count('maxSize', maxSize)
  if (given.minWarm !== 0) validate.count('minWarm', given.minWarm)
  if (given.minWarm > maxSize)
    throw validate.invalidConfig('minWarm', `at most maxSize (${maxSize})`, given.minWarm)
  if (given.maxUses !== undefined) validate.count('maxUses', given.maxUses)
  if (given.maxLifetime !== undefined) validate.time('maxLifetime', given.maxLifetime)
  const processOptions = Object.fromEntries(
    PROCESS.filter((name) => name in given).map((name) => [name, given[name]]),
  )
  const { native: worker } = processRequest(command, args, processOptions, NO_OWNER)
  const readyTimeout = validate.time('readyTimeout', given.readyTimeout)
  return {
    acquireTimeout: validate.time('acquireTimeout', given.acquireTimeout, unlimited),
    json: validate.boolean('json', json),
    maxQueue: validate.count('maxQueue', given.maxQueue, { least: 0, unlimited: true }),
    maxSize,
    described: { command, maxBuffer: worker.maxBuffer, readyTimeout },
    native: {
      worker,
      maxSize,
      maxStarting: MAX_STARTING,
      idleTimeout: validate.time('idleTimeout', given.idleTimeout, unlimited),
      maxUses: given.maxUses,
      maxLifetime: given.maxLifetime,
      minWarm: given.minWarm,
      readyWithin: validate.boolean('ready', ready) ? readyTimeout : undefined,
    },
  }
}

/** Checks the options of a wait. @param {unknown} options @param {string[]} [more] */
function waitOptions(options, more = []) {
  const given = validate.options('options', options, ['timeout', 'signal', ...more])
  for (const name of ['timeout', ...more]) {
    if (given[name] !== undefined) validate.timeout(name, given[name])
  }
  if (given.signal !== undefined) validate.abortSignal('signal', given.signal)
  return /** @type {{ timeout?: number, acquireTimeout?: number, signal?: AbortSignal }} */ (given)
}

/** Drops options that are `undefined`. @param {Record<string, any>} options */
function defined(options) {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

module.exports = { poolOptions, waitOptions }
