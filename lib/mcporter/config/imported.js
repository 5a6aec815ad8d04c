'use strict'

// The servers in the files of editors and assistants, as entries of mcporter's own file. What
// mcporter doesn't take over from there (working folder, lifecycle, tool filters) is left out; an
// entry that it can't use makes place for the next of its name.

const { parseJson, parseToml } = require('./parse')
const { SETTINGS } = require('../../oauth/setting-names')
const { expandHome, pathOf } = require('./places')
const { URL_KEYS, areTexts, entryProblem, snake } = require('./schema')
const { isObject } = require('../../validate')

/** @typedef {import('./places').Places} Places */
/** @typedef {import('./schema').Entry} Entry */

const CAMEL = [
  'tokenCacheDir',
  'clientName',
  // Its scope is left out, as mcporter does.
  ...SETTINGS.filter((name) => name !== 'oauthScope'),
  'httpFetch',
]
const REFRESH = [
  'tokenEndpoint',
  'clientIdEnv',
  'clientSecretEnv',
  'clientAuthMethod',
  'accessTokenEnv',
]

/**
 * Names that only an entry of a server has: what else a file holds beside servers is no broken
 * server.
 */
const OF_SERVERS = [
  'command',
  'executable',
  'args',
  'env',
  'envFile',
  'headers',
  'type',
  ...URL_KEYS,
]

/**
 * @param {string} text
 * @param {{ kind: import('./import-places').ImportKind, file: string }} source
 * @param {Places} places
 * @returns {Promise<{ entries: Map<string, Entry>, unusable: Map<string, Entry> }>}
 */
async function importedEntries(text, source, places) {
  /** @type {Map<string, Entry>} */
  const entries = new Map()
  /** @type {Map<string, Entry>} */
  const unusable = new Map()
  for (const { servers, isCertain } of await containers(text, source, places)) {
    for (const [name, value] of Object.entries(servers)) {
      if (!isObject(value) || entries.has(name)) continue
      const entry = importedEntry(value)
      if (isUsable(entry)) entries.set(name, entry)
      else if (isCertain && OF_SERVERS.some((key) => Object.hasOwn(value, key)))
        unusable.set(name, whole(value, entry))
    }
  }
  return { entries, unusable }
}

/**
 * @typedef {{ servers: Record<string, any>, isCertain: boolean }} Container
 *   - `isCertain` when it can be nothing else
 */

/**
 * @param {string} text
 * @param {{ kind: string, file: string }} source
 * @param {Places} places
 * @returns {Promise<Container[]>}
 */
async function containers(text, { kind, file }, places) {
  if (text.trim() === '') return []
  const certain = (/** @type {Record<string, any>} */ servers) => ({ servers, isCertain: true })
  if (file.endsWith('.toml')) {
    const config = await parseToml(text)
    return isObject(config) && isObject(config.mcp_servers) ? [certain(config.mcp_servers)] : []
  }
  const config = parseJson(text)
  if (!isObject(config)) return []
  const keys = kind === 'opencode' ? ['mcp'] : ['mcpServers', 'servers', 'mcp']
  const found = keys
    .map((key) => config[key])
    .filter(isObject)
    .map(certain)
  if (found.length === 0 && mayBeServersOnly(kind, file, places))
    found.push({ servers: config, isCertain: false })
  return [...found, ...ofProject(config, places).map(certain)]
}

/**
 * Returns whether a whole file can be a list of servers.
 * @param {string} kind
 * @param {string} file
 * @param {Places} places
 */
function mayBeServersOnly(kind, file, places) {
  if (kind === 'opencode') return false
  return (
    kind !== 'claude-code' ||
    file.endsWith('.claude.json') ||
    file.endsWith(pathOf(places).join('.claude', 'mcp.json'))
  )
}

/**
 * Returns the servers that Claude Code keeps by project.
 * @param {Record<string, any>} config
 * @param {Places} places
 */
function ofProject({ projects }, places) {
  if (!isObject(projects)) return []
  const path = pathOf(places)
  /** @param {string} folder */
  const normal = (folder) => {
    const absolute = path.resolve(places.cwd, expandHome(folder, places))
    return places.platform === 'win32' ? absolute.toLowerCase() : absolute
  }
  const here = normal(places.cwd)
  const own = Object.entries(projects).filter(
    ([folder]) => folder !== '' && normal(folder) === here,
  )
  return own.map(([, project]) => project?.mcpServers).filter(isObject)
}

/** @param {Record<string, any>} value @returns {Entry} */
function importedEntry(value) {
  const command = value.command ?? value.executable
  return withoutEmpty({
    description: typeof value.description === 'string' ? value.description : undefined,
    env: texts(value.env),
    headers: headers(value),
    auth: text(value.auth),
    ...Object.fromEntries(CAMEL.map((key) => [key, text(value[key] ?? value[snake(key)])])),
    refresh: refresh(value.refresh),
    baseUrl: text(
      value.baseUrl ?? value.base_url ?? value.url ?? value.serverUrl ?? value.server_url,
    ),
    command: typeof command === 'string' || areTexts(command) ? command : undefined,
    args: areTexts(value.args) ? value.args : undefined,
    // The entry's own word for its transport, which mcporter does not know.
    type: value.type,
    transport: value.transport,
    envFile: value.envFile,
  })
}

/** @param {Entry} entry */
function isUsable(entry) {
  const isReached =
    entry.baseUrl !== undefined || typeof entry.command === 'string' || entry.command?.length > 0
  return isReached && entryProblem(entry) === undefined
}

/**
 * Puts back the parts that were left out of an entry, because they show what is wrong with it.
 * @param {Record<string, any>} value
 * @param {Entry} entry
 * @returns {Entry}
 */
function whole({ command, executable, args }, entry) {
  return withoutEmpty({ ...entry, command: command ?? executable, args })
}

/** @param {Record<string, any>} value */
function headers(value) {
  const token = text(value.bearerToken ?? value.bearer_token)
  const variable = text(value.bearerTokenEnv ?? value.bearer_token_env)
  const all = { ...texts(value.headers) }
  if (token !== undefined) all.Authorization = `Bearer ${token}`
  if (variable !== undefined) all.Authorization = `$env:${variable}`
  return Object.keys(all).length === 0 ? undefined : all
}

/** @param {unknown} value */
function refresh(value) {
  if (!isObject(value)) return undefined
  const skew = value.refreshSkewSeconds ?? value.refresh_skew_seconds
  const all = withoutEmpty({
    ...Object.fromEntries(REFRESH.map((key) => [key, text(value[key] ?? value[snake(key)])])),
    refreshSkewSeconds: Number.isInteger(skew) && skew >= 0 ? skew : undefined,
  })
  return Object.keys(all).length === 0 ? undefined : all
}

/** @param {unknown} value */
function text(value) {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Returns texts, numbers and truth values by name, as texts. @param {unknown} value */
function texts(value) {
  if (typeof value !== 'object' || value === null) return undefined
  const plain = Object.entries(value).filter(([, each]) =>
    ['string', 'number', 'boolean'].includes(typeof each),
  )
  return plain.length === 0
    ? undefined
    : Object.fromEntries(plain.map(([name, each]) => [name, String(each)]))
}

/** @param {Record<string, any>} object @returns {Record<string, any>} */
function withoutEmpty(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}

module.exports = { importedEntries }
