'use strict'

// An entry of a configuration file as mcporter understands it: one spelling of each name, defaults
// filled in, placeholders expanded except where that waits until the server is started (`env`,
// `headers`, the bearer token).

const { urlProblem } = require('../../mcp/transport-problem')
const { SETTINGS } = require('../../oauth/setting-names')
const { commandOf } = require('./command')
const { lifecycleOf } = require('./lifecycle')
const { expand, expandKnown } = require('./placeholders')
const { expandHome, pathOf, variables } = require('./places')
const { URL_KEYS, UnusableEntry, either, isKnownKey } = require('./schema')
const { isObject } = require('../../validate')

/** @typedef {import('./places').Places} Places */
/** @typedef {import('./schema').Entry} Entry */

/**
 * @typedef {{ kind: 'local' | 'import', path: string, importKind?:
 *   import('./import-places').ImportKind }} Source
 */

/**
 * @typedef {object} Definition
 * @property {string} name
 * @property {Source} source
 * @property {string} [description]
 * @property {{ kind: 'stdio', command: string, args: string[], cwd: string } | { kind: 'http', url:
 *   string, headers: Record<string, string> }} transport
 * @property {Record<string, string>} env
 * @property {Record<string, string>} [fileVariables] - those of its `envFile`
 * @property {'oauth' | 'refreshable_bearer' | 'client_credentials'} [auth]
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
 * @property {string} [issuer] - the authorization server
 * @property {import('../../oauth/settings').ClientSettings} [client] - of `client_credentials`
 */

const ACCEPT = 'application/json, text/event-stream'

/**
 * @param {string} name
 * @param {Entry} entry - one without an `entryProblem`
 * @param {Source} source
 * @param {Places} places - with the variables of its `envFile`
 * @param {Record<string, string>} [fileVariables]
 * @returns {Promise<Definition>}
 * @throws {UnusableEntry} when there is neither a command nor a usable URL
 * @throws {import('./placeholders').MissingVariables} when its URL or its folder can't be told
 */
async function definitionOf(name, entry, source, places, fileVariables) {
  const raw = expandEntry(entry, places)
  const folder = pathOf(places).dirname(source.path)
  const url = raw[urlKey(raw) ?? '']
  const command = url ? undefined : await commandOf(raw, folder, places)
  if (!url && command === undefined) throw new UnusableEntry('it has neither a command nor a URL')
  return {
    name,
    source,
    description: raw.description,
    transport:
      command === undefined
        ? http(expand(url, variables(places)), raw)
        : stdio(command, raw, folder, places),
    env: { ...raw.env },
    fileVariables,
    auth: authOf(raw.auth),
    oauth: oauthOf(raw, folder, places),
    httpFetch: either(raw, 'httpFetch'),
    lifecycle: lifecycleOf(name, raw.lifecycle, command, places),
    allowedTools: either(raw, 'allowedTools'),
    blockedTools: either(raw, 'blockedTools'),
  }
}

/** The name under which an entry has its address. @param {Entry} raw */
function urlKey(raw) {
  return URL_KEYS.find((key) => raw[key] !== undefined && raw[key] !== null)
}

/** Tells an entry with an address, which comes before a command. @param {Entry} raw */
function isRemote(raw) {
  return Boolean(raw[urlKey(raw) ?? ''])
}

/**
 * @param {string[]} words
 * @param {Entry} raw
 * @param {string} folder
 * @param {Places} places
 * @returns {Definition['transport']}
 */
function stdio([command, ...args], raw, folder, places) {
  const where = raw.cwd && expandHome(expand(raw.cwd, variables(places)), places)
  const cwd = where ? pathOf(places).resolve(folder, where) : folder
  return { kind: 'stdio', command, args, cwd }
}

/** @param {string} text @param {Entry} raw @returns {Definition['transport']} */
function http(text, raw) {
  const problem = urlProblem(text)
  if (problem !== undefined) throw new UnusableEntry(`${urlKey(raw)}${problem}`)
  const url = new URL(text)
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
  const known = /** @type {const} */ (['oauth', 'refreshable_bearer', 'client_credentials'])
  return known.find((each) => each === auth?.toLowerCase())
}

/** @param {Entry} raw @param {string} configFolder @param {Places} places @returns {OAuth} */
function oauthOf(raw, configFolder, places) {
  const folder = either(raw, 'tokenCacheDir')
  const issuer = either(raw, 'oauthIssuer')
  const problem = issuer === undefined ? undefined : urlProblem(issuer)
  if (problem !== undefined) throw new UnusableEntry(`oauthIssuer${problem}`)
  return {
    tokenCacheDir: folder
      ? pathOf(places).resolve(places.cwd, expandHome(folder, places))
      : undefined,
    clientId: either(raw, 'oauthClientId'),
    clientSecret: either(raw, 'oauthClientSecret'),
    clientSecretEnv: either(raw, 'oauthClientSecretEnv'),
    tokenEndpointAuthMethod: either(raw, 'oauthTokenEndpointAuthMethod'),
    refresh: raw.refresh,
    ...(issuer !== undefined && { issuer }),
    ...(authOf(raw.auth) === 'client_credentials' && {
      client: clientOf(raw, configFolder, places),
    }),
  }
}

/**
 * Returns the settings of a client that signs in by itself.
 * @param {Entry} raw
 * @param {string} configFolder
 * @param {Places} places
 */
function clientOf(raw, configFolder, places) {
  // Loaded on use, because few servers need it.
  const { clientSettings, settingsProblem } = require('../../oauth/settings')
  /** @param {string} key */
  const setting = (key) => {
    const value = either(raw, key) || undefined
    return value !== undefined && key.endsWith('File')
      ? pathOf(places).resolve(configFolder, expandHome(value, places))
      : value
  }
  const given = Object.fromEntries(SETTINGS.map((key) => [key, setting(key)]))
  const problem = settingsProblem(given)
  if (problem !== undefined) throw new UnusableEntry(problem)
  return clientSettings(given)
}

/** @param {Entry} entry @param {Places} places @returns {Entry} */
function expandEntry(entry, places) {
  const variable = variables(places)
  /** @param {Record<string, any>} record @param {number} depth */
  const members = (record, depth) =>
    Object.fromEntries(
      Object.entries(record).map(([key, value]) => [
        key,
        waits(key) ? value : expanded(value, depth),
      ]),
    )
  /** @param {any} value @param {number} depth @returns {any} */
  const expanded = (value, depth) => {
    if (typeof value === 'string') return expandKnown(value, variable)
    // No known member of an entry lies deeper.
    if (depth === 0) return value
    if (Array.isArray(value)) return value.map((each) => expanded(each, depth - 1))
    return isObject(value) ? members(value, depth - 1) : value
  }
  const known = Object.fromEntries(Object.entries(entry).filter(([key]) => isKnownKey(key)))
  return { ...members(known, 1), env: entry.env, headers: entry.headers }
}

/** @param {string} key */
function waits(key) {
  return key === 'bearerToken' || key === 'bearer_token' || /(Env|_env)$/.test(key)
}

module.exports = { definitionOf, isRemote }
