'use strict'

// The options of a server: its transport and its limits, checked, and in the addon's form.

const path = require('node:path')
const config = require('../config')
const { codedError } = require('../errors')
const { environmentEntries } = require('../process/request')
const validate = require('../validate')
const {
  environmentProblem,
  headersProblem,
  member,
  sentHeaders,
  urlProblem,
  variableNameProblem,
} = require('./transport-problem')

/** @typedef {(name: string, value: unknown) => any} Check */
/**
 * A server in the addon's form, without what its pool adds.
 * @typedef {Omit<import('../../binding').McpServer, 'events' | 'logLevel'>} NativeServer
 */
/**
 * The limits of a server as the addon has them. A limit that is missing here or there is an error
 * of the types.
 * @typedef {Omit<
 *   NativeServer, 'name' | 'guarded' | 'capabilities' | 'answered' | keyof Place
 * >} Limits
 * @typedef {Pick<
 *   NativeServer, 'command' | 'args' | 'cwd' | 'environment' | 'url' | 'headers'
 * >} Place
 */
/**
 * The transport of a server, with its complete environment.
 * @typedef {{ kind: 'http', url: string, headers: Record<string, string> }} Http
 * @typedef {{ kind: 'stdio', command: string, args: string[], cwd?: string, env: Record<string,
 *   string | undefined> } | Http} Transport
 */

/** The versions of the protocol; `auto` detects the server's. */
const PROTOCOLS = /** @type {const} */ (['auto', '2025-11-25', '2026-07-28'])

/** The limits of one server. @type {Record<string, Check>} */
const LIMITS = /** @satisfies {Record<keyof Limits, Check>} */ ({
  maxInFlight: validate.count,
  instances: validate.count,
  maxUses: validate.count,
  maxLifetime: validate.time,
  minWarm: (name, value) => (value === 0 ? 0 : validate.count(name, value)),
  idleTimeout: validate.timeout,
  startTimeout: validate.time,
  killGrace: validate.time,
  maxBuffer: validate.bytes,
  maxTreeMemory: validate.memorySize,
  protocol: (name, value) => validate.oneOf(name, value, PROTOCOLS),
  detached: validate.boolean,
})

const DEFAULTS = {
  maxInFlight: 8,
  instances: 1,
  minWarm: 0,
  idleTimeout: 30_000,
  startTimeout: 30_000,
  killGrace: 1000,
  maxBuffer: 10 * 1024 * 1024,
  protocol: 'auto',
  detached: false,
}

/** The transport of a server in code. @type {Record<string, Check>} */
const SERVER = {
  command: validate.text,
  args: strings,
  cwd: folder,
  env: variables,
  url: httpUrl,
  headers: headers,
}

/** The settings of a client that signs in by itself, see lib/oauth/settings.js. */
const SIGN_IN = /** @type {Record<string, Check>} */ ({
  auth: (name, value) => validate.oneOf(name, value, ['client_credentials']),
  oauthClientId: validate.secret,
  oauthClientSecret: validate.secret,
  oauthClientSecretEnv: validate.text,
  oauthClientSecretFile: folder,
  oauthPrivateKey: validate.secret,
  oauthPrivateKeyEnv: validate.text,
  oauthPrivateKeyFile: folder,
  oauthPrivateKeyId: validate.text,
  oauthTokenEndpointAuthMethod: validate.text,
  oauthTokenEndpointAuthSigningAlg: validate.text,
  oauthScope: validate.text,
  oauthIssuer: httpUrl,
})

/**
 * Checks the options of one server.
 * @param {string} name
 * @param {unknown} value
 * @param {Record<string, Check>} [more]
 */
function serverOptions(name, value, more = {}) {
  /** @type {Record<string, Check>} */
  const known = { ...LIMITS, ...SERVER, ...SIGN_IN, ...more }
  /** @type {Record<string, any>} */
  const checked = {}
  for (const [key, entry] of Object.entries(validate.options(name, value, Object.keys(known)))) {
    if (entry !== undefined) checked[key] = known[key](`${name}.${key}`, entry)
  }
  if (checked.command !== undefined && checked.url !== undefined) {
    throw codedError(
      'ERR_INVALID_CONFIG',
      `${name} must be a server with a command or a url, not both`,
    )
  }
  refuse(name, signInProblem(checked))
  return checked
}

/** Checks the settings of a sign-in together. @param {Record<string, any>} options */
function signInProblem(options) {
  if (options.auth === undefined) {
    const alone = Object.keys(SIGN_IN).find((key) => options[key] !== undefined)
    return alone && `.${alone} needs auth, which must be 'client_credentials'`
  }
  if (options.url === undefined) return '.auth is for a server with a url'
  const problem = require('../oauth/settings').settingsProblem(options)
  return problem && `.${problem}`
}

/**
 * Splits options into those of a pool, unchecked, and the limits of its servers, checked.
 * @param {string} name
 * @param {unknown} given
 * @param {string[]} own
 */
function poolUse(name, given, own) {
  /** @type {Record<string, any>} */
  const pool = {}
  /** @type {Record<string, any>} */
  const use = {}
  for (const [key, value] of Object.entries(
    validate.options(name, given, [...own, ...Object.keys(LIMITS)]),
  )) {
    if (value === undefined) continue
    if (own.includes(key)) pool[key] = value
    else use[key] = LIMITS[key](key, value)
  }
  return { pool, use }
}

/**
 * Returns the transport in the options; `undefined` when the options only have limits.
 * @param {Record<string, any>} options
 * @returns {Transport | undefined}
 */
function transportOf({ command, args = [], cwd, env = {}, url, headers = {} }) {
  if (url !== undefined) return { kind: 'http', url, headers }
  if (command === undefined) return undefined
  return { kind: 'stdio', command, args, cwd, env: { ...config.childEnvironment(), ...env } }
}

/**
 * Returns a server in the addon's form, and its key. The key changes when any setting changes.
 * @param {string} name
 * @param {Transport} transport
 * @param {Record<string, any>} use
 * @returns {{ key: string, server: NativeServer }}
 */
function nativeServer(name, transport, use) {
  /** @type {Record<string, any>} */
  const used = { ...DEFAULTS, ...use }
  const limits = /** @type {Limits} */ (
    Object.fromEntries(Object.keys(LIMITS).map((option) => [option, used[option]]))
  )
  const place =
    transport.kind === 'http'
      ? { url: transport.url, headers: transport.headers }
      : {
          command: transport.command,
          args: transport.args,
          cwd: transport.cwd,
          // The cleanup scanner must spare a detached server too.
          environment: environmentEntries(
            used.detached ? { ...transport.env, PROCWARD_KEEP: '1' } : transport.env,
          ),
        }
  const { capabilities = '{}', answered = [] } = use
  const server = { name, guarded: config.usesWarden(), capabilities, answered, ...place, ...limits }
  // Loaded on use, because node:crypto takes longer to load than all of procward.
  const { createHash } = require('node:crypto')
  const key = createHash('sha256').update(JSON.stringify(server, orderedKeys)).digest('base64url')
  return { key, server }
}

/**
 * Writes Infinity, which JSON lacks, as a string, and sorts the members of objects.
 * @param {string} _key
 * @param {any} value
 */
function orderedKeys(_key, value) {
  if (value === Infinity) return 'Infinity'
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** @type {Check} */
function folder(name, value) {
  return path.resolve(validate.text(name, value))
}

/** @type {Check} */
function strings(name, value) {
  if (!Array.isArray(value)) throw validate.invalidConfig(name, 'an array of strings', value)
  // A copy without holes, which map() would leave out.
  return [...value].map((entry, at) => validate.string(`${name}[${at}]`, entry))
}

/** @type {Check} */
function variables(name, value) {
  const entries = { ...validate.options(name, value) }
  for (const [key, entry] of Object.entries(entries)) {
    // The value may be a secret, so it is not shown.
    if (entry !== undefined && typeof entry !== 'string')
      refuse(name, `${member(key)} must be a string, got ${typeof entry}`)
  }
  refuseNullBytes(name, entries)
  refuse(name, variableNameProblem(entries))
  return entries
}

/** @type {Check} */
function httpUrl(name, value) {
  // The address may hold a secret, so it is not shown.
  refuse(name, urlProblem(validate.string(name, value)))
  return value
}

/** @type {Check} */
function headers(name, value) {
  const entries = { ...validate.options(name, value) }
  for (const [key, entry] of Object.entries(entries)) {
    if (typeof entry !== 'string')
      refuse(name, `${member(key)} must be a string, got ${typeof entry}`)
  }
  refuseNullBytes(name, entries)
  refuse(name, headersProblem(entries))
  return sentHeaders(entries)
}

/** @param {string} field @param {Record<string, string | undefined>} entries */
function refuseNullBytes(field, entries) {
  const problem = environmentProblem(entries)
  if (problem !== undefined) throw codedError('ERR_INVALID_ARG_VALUE', field + problem)
}

/** @param {string} field @param {string | undefined} problem */
function refuse(field, problem) {
  if (problem !== undefined) throw codedError('ERR_INVALID_CONFIG', field + problem)
}

module.exports = { LIMITS, nativeServer, poolUse, serverOptions, transportOf, variables }
