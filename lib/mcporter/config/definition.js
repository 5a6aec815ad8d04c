'use strict'

// An entry of a configuration file as mcporter understands it: one spelling of each name, defaults filled in,
// placeholders expanded except where that waits until the server is started (`env`, `headers`, the bearer token).

const { commandOf } = require('./command')
const { lifecycleOf } = require('./lifecycle')
const { isRecord } = require('./parse')
const { expand, expandKnown } = require('./placeholders')
const { expandHome, pathOf, variables } = require('./places')
const { UnusableEntry, either } = require('./schema')

/** @typedef {import('./places').Places} Places */
/** @typedef {import('./schema').Entry} Entry */

/** @typedef {{ kind: 'local' | 'import', path: string, importKind?: import('./import-places').ImportKind }} Source */

/**
 * @typedef {object} Definition
 * @property {string} name
 * @property {Source} source
 * @property {string} [description]
 * @property {{ kind: 'stdio', command: string, args: string[], cwd: string } | { kind: 'http', url: string, headers: Record<string, string> }} transport
 * @property {Record<string, string>} env
 * @property {'oauth' | 'refreshable_bearer'} [auth]
 * @property {OAuth} oauth
 * @property {'default' | 'node-http1'} [httpFetch]
 * @property {import('./lifecycle').Lifecycle} [lifecycle]
 * @property {string[]} [allowedTools]
 * @property {string[]} [blockedTools]
 */

/**
 * @typedef {object} OAuth
 * @property {string} [tokenCacheDir]
 * @property {string} [clientId]
 * @property {string} [clientSecret]
 * @property {string} [clientSecretEnv]
 * @property {string} [tokenEndpointAuthMethod]
 * @property {Record<string, any>} [refresh]
 */

const ACCEPT = 'application/json, text/event-stream'

/**
 * @param {string} name @param {Entry} entry - one without an `entryProblem` @param {Source} source @param {Places} places
 * @returns {Promise<Definition>}
 * @throws {UnusableEntry} when there is neither a command nor a usable URL
 * @throws {import('./placeholders').MissingVariables} when its URL or its folder can't be told
 */
async function definitionOf(name, entry, source, places) {
  const raw = expandEntry(entry, places)
  const folder = pathOf(places).dirname(source.path)
  const url = raw.baseUrl ?? raw.base_url ?? raw.url ?? raw.serverUrl ?? raw.server_url
  const command = url ? undefined : await commandOf(raw, folder, places)
  if (!url && command === undefined) throw new UnusableEntry('it has neither a command nor a URL')
  return {
    name,
    source,
    description: raw.description,
    transport: command === undefined ? http(expand(url, variables(places)), raw) : stdio(command, raw, folder, places),
    env: { ...raw.env },
    auth: authOf(raw.auth),
    oauth: oauthOf(raw, places),
    httpFetch: either(raw, 'httpFetch'),
    lifecycle: lifecycleOf(name, raw.lifecycle, command, places),
    allowedTools: either(raw, 'allowedTools'),
    blockedTools: either(raw, 'blockedTools'),
  }
}

/** @param {string[]} words @param {Entry} raw @param {string} folder @param {Places} places @returns {Definition['transport']} */
function stdio([command, ...args], raw, folder, places) {
  const where = raw.cwd && expandHome(expand(raw.cwd, variables(places)), places)
  const cwd = where ? pathOf(places).resolve(folder, where) : folder
  return { kind: 'stdio', command, args, cwd }
}

/** @param {string} text @param {Entry} raw @returns {Definition['transport']} */
function http(text, raw) {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) throw new UnusableEntry('its URL is none')
  const headers = { ...raw.headers }
  const token = either(raw, 'bearerToken')
  const variable = either(raw, 'bearerTokenEnv')
  if (token) headers.Authorization = `Bearer ${token}`
  if (variable) headers.Authorization = `$env:${variable}`
  const accept = Object.keys(headers).find((key) => key.toLowerCase() === 'accept') ?? 'accept'
  const accepted = headers[accept]?.toLowerCase() ?? ''
  if (!ACCEPT.split(', ').every((type) => accepted.includes(type))) headers[accept] = ACCEPT
  return { kind: 'http', url: url.href, headers }
}

/** @param {string} [auth] @returns {Definition['auth']} */
function authOf(auth) {
  const known = /** @type {const} */ (['oauth', 'refreshable_bearer'])
  return known.find((each) => each === auth?.toLowerCase())
}

/** @param {Entry} raw @param {Places} places @returns {OAuth} */
function oauthOf(raw, places) {
  const folder = either(raw, 'tokenCacheDir')
  return {
    tokenCacheDir: folder ? pathOf(places).resolve(places.cwd, expandHome(folder, places)) : undefined,
    clientId: either(raw, 'oauthClientId'),
    clientSecret: either(raw, 'oauthClientSecret'),
    clientSecretEnv: either(raw, 'oauthClientSecretEnv'),
    tokenEndpointAuthMethod: either(raw, 'oauthTokenEndpointAuthMethod'),
    refresh: raw.refresh,
  }
}

/** @param {Entry} entry @param {Places} places @returns {Entry} */
function expandEntry(entry, places) {
  const variable = variables(places)
  /** @param {any} value @param {string} key @returns {any} */
  const expanded = (value, key) => {
    if (typeof value === 'string') return waits(key) ? value : expandKnown(value, variable)
    if (Array.isArray(value)) return value.map((each) => expanded(each, ''))
    return isRecord(value) ? Object.fromEntries(Object.entries(value).map(each)) : value
  }
  /** @param {[string, any]} property */
  const each = ([key, value]) => [key, expanded(value, key)]
  const { env, headers, ...rest } = entry
  return { ...expanded(rest, ''), env, headers }
}

/** @param {string} key */
function waits(key) {
  return key === 'bearerToken' || key === 'bearer_token' || /(Env|_env)$/.test(key)
}

module.exports = { definitionOf }
