'use strict'

// Checks the options of a pool and of its calls.

const validate = require('../validate')
const { progressListener } = require('./progress')
const { poolUse } = require('./server-options')
const { givenServers } = require('./servers')

const LISTENERS = ['onLog', 'onListChanged']
const KNOWN = [
  'servers',
  'configPath',
  'maxSessions',
  'maxStarting',
  'callTimeout',
  'listTimeout',
  'handlers',
  ...LISTENERS,
]
/** @type {{ timeout?: number, signal?: AbortSignal, onProgress?: (progress: any) => void }} */
const NO_OPTIONS = {}
/** The options of a request, and those of a call of a tool. */
const REQUEST = ['timeout', 'signal']
const CALL = [...REQUEST, 'onProgress']

/** @param {unknown} given */
function poolOptions(given) {
  const { pool, use } = poolUse('options', given, KNOWN)
  if (pool.maxSessions !== undefined) validate.count('maxSessions', pool.maxSessions)
  if (pool.maxStarting !== undefined) validate.count('maxStarting', pool.maxStarting)
  if (pool.callTimeout !== undefined) validate.timeout('callTimeout', pool.callTimeout)
  if (pool.listTimeout !== undefined) validate.timeout('listTimeout', pool.listTimeout)
  if (pool.configPath !== undefined) validate.string('configPath', pool.configPath)
  if (pool.handlers !== undefined) {
    // Loaded on use, because most pools have no handlers.
    const { Handlers } = require('./handlers')
    pool.handlers = new Handlers(pool.handlers)
  }
  for (const name of LISTENERS) if (pool[name] !== undefined) validate.callback(name, pool[name])
  if (pool.servers !== undefined)
    pool.servers = givenServers('servers', validate.options('servers', pool.servers))
  return { pool, use }
}

/** @param {unknown} given @param {string[]} known */
function callOptions(given, known) {
  if (given === undefined) return NO_OPTIONS
  const { timeout, signal, onProgress } = validate.options('options', given, known)
  if (timeout !== undefined) validate.timeout('timeout', timeout)
  if (signal !== undefined) validate.abortSignal('signal', signal)
  if (onProgress === undefined) return { timeout, signal, onProgress }
  return { timeout, signal, onProgress: progressListener('onProgress', onProgress) }
}

module.exports = { CALL, REQUEST, callOptions, poolOptions }
