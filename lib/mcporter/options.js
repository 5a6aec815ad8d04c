'use strict'

// Checks the options of the helper and of its calls.

const path = require('node:path')
const config = require('../config')
const { progressListener } = require('../mcp/progress')
const { LIMITS, variables } = require('../mcp/server-options')
const { givenServers } = require('../mcp/servers')
const { codedError } = require('../errors')
const { DEFAULT_KILL_GRACE, ON_STUCK } = require('../process/request')
const validate = require('../validate')

/** @typedef {(name: string, value: unknown) => any} Check */

/** @type {Check} */
const queueLength = (name, value) => validate.count(name, value, { least: 0, unlimited: true })

/** @type {Check} */
const concurrency = (name, value) => (value === 'auto' ? value : validate.count(name, value))

/** @type {Check} */
const transport = (name, value) => validate.oneOf(name, value, ['auto', 'pool', 'mcporter'])

/** @type {Check} */
const checkedHandlers = (_name, value) => {
  // Loaded on use, because most helpers have no handlers.
  const { Handlers } = require('../mcp/handlers')
  return new Handlers(value) && value
}

/** The options that the pool of sessions has, too. @type {Record<string, Check>} */
const POOL = {
  maxSessions: validate.count,
  maxStarting: validate.count,
  handlers: checkedHandlers,
  onLog: validate.callback,
  onListChanged: validate.callback,
  ...LIMITS,
}

/** @type {Record<string, Check>} */
const HELPER = {
  maxConcurrent: concurrency,
  queueTimeout: validate.timeout,
  maxQueue: queueLength,
  limits: (name, value) => byServer(name, value, validate.count),
  rates: (name, value) => byServer(name, value, rate),
  memoryBudget: validate.memoryAmount,
  reserve: validate.memoryAmount,
  max: validate.count,
  callTimeout: validate.time,
  listTimeout: validate.time,
  configPath: validate.text,
  cwd: validate.text,
  env: variables,
  mcporterBin: validate.text,
  maxBuffer: validate.bytes,
  killGrace: validate.time,
  onStuck: (name, value) => validate.oneOf(name, value, ON_STUCK),
  onLost: (name, value) => validate.oneOf(name, value, ['abort', 'continue']),
  onUnreachable: (name, value) => validate.oneOf(name, value, ['local', 'refuse']),
  rejectOnError: validate.boolean,
  transport,
  npxBypass: validate.boolean,
  servers: (name, value) => givenServers(name, validate.options(name, value), { transport }),
  ...POOL,
}

/** @type {Record<string, Check>} */
const LIST = {
  timeout: validate.time,
  signal: validate.abortSignal,
  queueTimeout: validate.timeout,
}
/** @type {Record<string, Check>} */
const CALL = {
  ...LIST,
  cost: validate.count,
  rejectOnError: validate.boolean,
  onProgress: progressListener,
}

/** @param {unknown} options */
function helperOptions(options) {
  const given = checked(options, HELPER)
  const cwd = path.resolve(given.cwd ?? '')
  const { transports, servers } = split(given.servers ?? {})
  const maxConcurrent = given.maxConcurrent ?? config.maxConcurrent()
  return {
    transport: given.transport ?? 'auto',
    transports,
    pool: {
      servers,
      ...Object.fromEntries(Object.keys(POOL).map((name) => [name, given[name]])),
    },
    maxConcurrent,
    gate: gateRules(maxConcurrent, given),
    ...sharing(maxConcurrent, given, servers),
    queueTimeout: given.queueTimeout ?? 60_000,
    maxQueue: given.maxQueue ?? Infinity,
    limits: given.limits ?? {},
    rates: given.rates ?? {},
    callTimeout: given.callTimeout ?? config.callTimeout(),
    listTimeout: given.listTimeout ?? config.listTimeout(),
    rejectOnError: given.rejectOnError ?? true,
    mcporter: {
      bin: given.mcporterBin ?? config.mcporterBin(),
      npxBypass: given.npxBypass,
      configPath: given.configPath === undefined ? undefined : path.resolve(cwd, given.configPath),
      cwd,
      env: given.env ?? {},
      maxBuffer: given.maxBuffer,
      killGrace: given.killGrace,
      onStuck: given.onStuck,
    },
  }
}

/**
 * Returns the processes that share the limits, if this process is not alone.
 * @param {number | 'auto'} maxConcurrent
 * @param {Record<string, any>} given
 * @param {Record<string, { killGrace?: number }>} servers
 * @returns {Pick<import('./call-slots').Settings, 'host' | 'fleet'>}
 */
function sharing(maxConcurrent, given, servers) {
  const url = config.limitUrl()
  if (url === undefined) return {}
  if (url === 'host') return { host: { folder: config.limitFolder() } }
  const { max, onLost = 'abort', onUnreachable = 'local' } = given
  if (maxConcurrent === 'auto' && max === undefined)
    throw codedError(
      'ERR_INVALID_CONFIG',
      "maxConcurrent 'auto' needs max with a fleet in MCP_LIMIT_URL: it is the limit of the fleet",
    )
  const limit = maxConcurrent === 'auto' ? max : maxConcurrent
  const graces = Object.values(servers).map(({ killGrace = 0 }) => killGrace)
  const killGrace = Math.max(given.killGrace ?? DEFAULT_KILL_GRACE, ...graces)
  return { fleet: { url, limit, lease: config.limitLease(), killGrace, onLost, onUnreachable } }
}

/**
 * Returns the rules for process starts; `undefined` if nothing but a number limits calls.
 * @param {number | 'auto'} maxConcurrent
 * @param {Record<string, any>} given
 * @returns {import('../../binding').GateRules | undefined}
 */
function gateRules(maxConcurrent, { memoryBudget, reserve, max }) {
  const auto = maxConcurrent === 'auto'
  const budget = memoryBudget ?? config.memoryBudget()
  if (!auto && max !== undefined) throw needless('max', "maxConcurrent 'auto'")
  if (!auto && budget === undefined && reserve !== undefined)
    throw needless('reserve', "maxConcurrent 'auto' or a memoryBudget")
  return auto || budget !== undefined ? { auto, budget, reserve, max } : undefined
}

/** @param {string} name @param {string} needed */
function needless(name, needed) {
  return codedError('ERR_INVALID_CONFIG', `${name} has an effect only with ${needed}`)
}

/**
 * Splits the servers' options into transports and the rest.
 * @param {Record<string, Record<string, any>>} all
 */
function split(all) {
  /** @type {Map<string, 'auto' | 'pool' | 'mcporter'>} */
  const transports = new Map()
  /** @type {Record<string, Record<string, any>>} */
  const servers = Object.create(null)
  for (const [name, { transport, ...options }] of Object.entries(all)) {
    if (transport !== undefined) transports.set(name, transport)
    servers[name] = options
  }
  return { transports, servers }
}

/**
 * Checks a value for each server.
 * @template T
 * @param {string} name
 * @param {unknown} value
 * @param {(name: string, value: unknown) => T} check
 * @returns {Record<string, T>}
 */
function byServer(name, value, check) {
  const entries = Object.entries(validate.options(name, value))
  return Object.fromEntries(
    entries
      .filter(([, one]) => one !== undefined)
      .map(([server, one]) => [server, check(`${name}['${server}']`, one)]),
  )
}

/** @param {string} name @param {unknown} value @returns {import('../limiter').Rate} */
function rate(name, value) {
  const { limit, interval } = validate.options(name, value, ['limit', 'interval'])
  return {
    limit: validate.count(`${name}.limit`, limit),
    interval: validate.time(`${name}.interval`, interval),
  }
}

/**
 * @param {unknown} options
 * @returns {{ timeout?: number, signal?: AbortSignal, queueTimeout?: number, cost?: number,
 *   rejectOnError?: boolean, onProgress?: import('../mcp/progress').Listener }}
 */
function callOptions(options) {
  return checked(options, CALL)
}

/**
 * @param {unknown} options
 * @returns {{ timeout?: number, signal?: AbortSignal, queueTimeout?: number }}
 */
function listOptions(options) {
  return checked(options, LIST)
}

/** @param {unknown} options @param {Record<string, Check>} checks */
function checked(options, checks) {
  /** @type {Record<string, any>} */
  const values = {}
  for (const [name, value] of Object.entries(
    validate.options('options', options, Object.keys(checks)),
  )) {
    if (value !== undefined) values[name] = checks[name](name, value)
  }
  return values
}

module.exports = { callOptions, helperOptions, listOptions }
