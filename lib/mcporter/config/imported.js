'use strict'

// The servers in the files of editors and assistants, as entries of mcporter's own file. What mcporter doesn't take over
// from there (working folder, lifecycle, tool filters) is left out; an entry that it can't use is none.

const { isRecord, parseJson, parseToml } = require('./parse')
const { expandHome, pathOf } = require('./places')
const { areTexts, entryProblem, snake } = require('./schema')

/** @typedef {import('./places').Places} Places */
/** @typedef {import('./schema').Entry} Entry */

const CAMEL = /** @type {const} */ ([
  'tokenCacheDir',
  'clientName',
  'oauthClientId',
  'oauthClientSecret',
  'oauthClientSecretEnv',
  'oauthTokenEndpointAuthMethod',
  'httpFetch',
])
const REFRESH = ['tokenEndpoint', 'clientIdEnv', 'clientSecretEnv', 'clientAuthMethod', 'accessTokenEnv']

/**
 * @param {string} text @param {{ kind: import('./import-places').ImportKind, file: string }} source @param {Places} places
 * @returns {Promise<Map<string, Entry>>}
 */
async function importedEntries(text, source, places) {
  /** @type {Map<string, Entry>} */
  const entries = new Map()
  for (const container of await containers(text, source, places)) {
    for (const [name, value] of Object.entries(container)) {
      const entry = isRecord(value) && !entries.has(name) ? importedEntry(value) : undefined
      if (entry !== undefined) entries.set(name, entry)
    }
  }
  return entries
}

/** @param {string} text @param {{ kind: string, file: string }} source @param {Places} places @returns {Promise<Record<string, any>[]>} */
async function containers(text, { kind, file }, places) {
  if (text.trim() === '') return []
  if (file.endsWith('.toml')) {
    const config = await parseToml(text)
    return isRecord(config) && isRecord(config.mcp_servers) ? [config.mcp_servers] : []
  }
  const config = parseJson(text)
  if (!isRecord(config)) return []
  const keys = kind === 'opencode' ? ['mcp'] : ['mcpServers', 'servers', 'mcp']
  const found = keys.map((key) => config[key]).filter(isRecord)
  if (found.length === 0 && mayBeServersOnly(kind, file, places)) found.push(config)
  return [...found, ...ofProject(config, places)]
}

/** Whether the whole file can be a list of servers. @param {string} kind @param {string} file @param {Places} places */
function mayBeServersOnly(kind, file, places) {
  if (kind === 'opencode') return false
  return (
    kind !== 'claude-code' || file.endsWith('.claude.json') || file.endsWith(pathOf(places).join('.claude', 'mcp.json'))
  )
}

/** Claude Code keeps servers by project. @param {Record<string, any>} config @param {Places} places */
function ofProject({ projects }, places) {
  if (!isRecord(projects)) return []
  const path = pathOf(places)
  /** @param {string} folder */
  const normal = (folder) => {
    const absolute = path.resolve(places.cwd, expandHome(folder, places))
    return places.platform === 'win32' ? absolute.toLowerCase() : absolute
  }
  const here = normal(places.cwd)
  const own = Object.entries(projects).filter(([folder]) => folder !== '' && normal(folder) === here)
  return own.map(([, project]) => project?.mcpServers).filter(isRecord)
}

/** @param {Record<string, any>} value @returns {Entry | undefined} */
function importedEntry(value) {
  const command = value.command ?? value.executable
  const entry = withoutEmpty({
    description: typeof value.description === 'string' ? value.description : undefined,
    env: texts(value.env),
    headers: headers(value),
    auth: text(value.auth),
    ...Object.fromEntries(CAMEL.map((key) => [key, text(value[key] ?? value[snake(key)])])),
    refresh: refresh(value.refresh),
    baseUrl: text(value.baseUrl ?? value.base_url ?? value.url ?? value.serverUrl ?? value.server_url),
    command: typeof command === 'string' || areTexts(command) ? command : undefined,
    args: areTexts(value.args) ? value.args : undefined,
    // Not mcporter's, but what the entry says about itself.
    type: value.type,
    transport: value.transport,
  })
  const isUsable = entry.baseUrl !== undefined || typeof entry.command === 'string' || entry.command?.length > 0
  return isUsable && entryProblem(entry) === undefined ? entry : undefined
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
  if (!isRecord(value)) return undefined
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

/** Texts, numbers and truth values by name, as texts. @param {unknown} value */
function texts(value) {
  if (typeof value !== 'object' || value === null) return undefined
  const plain = Object.entries(value).filter(([, each]) => ['string', 'number', 'boolean'].includes(typeof each))
  return plain.length === 0 ? undefined : Object.fromEntries(plain.map(([name, each]) => [name, String(each)]))
}

/** @param {Record<string, any>} object @returns {Record<string, any>} */
function withoutEmpty(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}

module.exports = { importedEntries }
