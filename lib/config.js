'use strict'

// The only reader of `process.env`. A variable is read when a default is needed, because a program
// may fill the environment (dotenv, tests) after its imports.

const { delimiter, isAbsolute } = require('node:path')
const { count, invalidConfig, memoryAmount, oneOf, time } = require('./validate')

/** @typedef {'tracked' | 'tree' | 'machine'} CleanupScope */

/**
 * The scopes, each with whether it reaches processes that procward has nothing to do with.
 * @type {Record<CleanupScope, boolean>}
 */
const REACHES_STRANGERS = { tracked: false, tree: false, machine: true }
const CLEANUP_SCOPES = /** @type {CleanupScope[]} */ (Object.keys(REACHES_STRANGERS))

/**
 * Returns a whole number from the environment; an unset or empty variable gives the default.
 * @template {number | undefined} Fallback
 * @param {string} name
 * @param {Fallback} fallback
 * @param {(name: string, value: unknown, options: { given: string }) => number} check
 * @returns {number | Fallback}
 */
function numberFrom(name, fallback, check) {
  const text = process.env[name]
  if (text === undefined || text === '') return fallback
  const digits = /^\d+$/.test(text.trim())
  return check(name, digits ? Number(text) : NaN, { given: text })
}

/**
 * The addon's file, in place of the installed one.
 * @variable NAPI_RS_NATIVE_LIBRARY_PATH the addon's file, in place of the installed one
 */
function nativeLibraryPath() {
  return process.env.NAPI_RS_NATIVE_LIBRARY_PATH || undefined
}

/**
 * The number of MCP calls that run at once; 'auto' follows the machine.
 * @variable MCP_MAX_CONCURRENT MCP calls at once, or `auto`: as many as the machine takes
 * @returns {number | 'auto'}
 */
function maxConcurrent() {
  if (process.env.MCP_MAX_CONCURRENT?.trim() === 'auto') return 'auto'
  return numberFrom('MCP_MAX_CONCURRENT', 3, count)
}

/**
 * The processes that share the limits of calls: `undefined` for this one alone, 'host', or the
 * address of a fleet's Redis, which the addon checks. It may have a password.
 * @variable MCP_LIMIT_URL `host` (see [limits.md](limits.md)) or a Redis (see [fleet.md](fleet.md))
 */
function limitUrl() {
  return process.env.MCP_LIMIT_URL || undefined
}

/**
 * Milliseconds after which Redis frees the slots of a silent process.
 * @variable MCP_LIMIT_LEASE ms after which a fleet's Redis frees the slots of a silent process
 */
function limitLease() {
  return numberFrom('MCP_LIMIT_LEASE', 15_000, time)
}

/**
 * The folder of the files that share the limits; `undefined` for the user's own.
 * @variable MCP_LIMIT_DIR the folder in which `host` keeps its files; absolute
 */
function limitFolder() {
  const { MCP_LIMIT_DIR: folder } = process.env
  if (folder && !isAbsolute(folder))
    throw invalidConfig('MCP_LIMIT_DIR', 'an absolute path', folder)
  return folder || undefined
}

/**
 * The most memory that all child processes may have together; `undefined` for no budget.
 * @variable MCP_MEMORY_BUDGET memory of all child processes together: bytes, `512M` or `60%`
 */
function memoryBudget() {
  const text = process.env.MCP_MEMORY_BUDGET
  return text ? memoryAmount('MCP_MEMORY_BUDGET', text) : undefined
}

/**
 * The largest number of processes in a pool.
 * @variable PROCESS_POOL_SIZE MCP sessions at once
 */
function poolSize() {
  return numberFrom('PROCESS_POOL_SIZE', 5, count)
}

/**
 * Milliseconds between two scans.
 * @variable CLEANUP_INTERVAL ms between two scans
 */
function cleanupInterval() {
  return numberFrom('CLEANUP_INTERVAL', 60_000, time)
}

/**
 * Milliseconds after which a process counts as forgotten.
 * @variable PROCESS_MAX_AGE ms after which a process counts as forgotten
 */
function processMaxAge() {
  return numberFrom('PROCESS_MAX_AGE', 300_000, time)
}

/**
 * The scope of the cleanup scanner.
 * @variable CLEANUP_SCOPE `tracked`, `tree` or `machine`: see [cleanup.md](cleanup.md)
 * @returns {CleanupScope}
 */
function cleanupScope() {
  return oneOf('CLEANUP_SCOPE', process.env.CLEANUP_SCOPE || 'tree', CLEANUP_SCOPES)
}

/**
 * The path of mcporter that the user set; `undefined` to search for mcporter.
 * @variable MCPORTER_BIN the path of mcporter; without it, the app's own or that of `PATH`
 */
function mcporterBin() {
  return process.env.MCPORTER_BIN || undefined
}

/**
 * The timeout of a tool call: mcporter's own variable and default.
 * @variable MCPORTER_CALL_TIMEOUT ms that a tool call may take
 */
function callTimeout() {
  return numberFrom('MCPORTER_CALL_TIMEOUT', 60_000, time)
}

/**
 * The timeout of listing a server's tools: mcporter's own variable and default.
 * @variable MCPORTER_LIST_TIMEOUT ms that listing a server's tools may take
 */
function listTimeout() {
  return numberFrom('MCPORTER_LIST_TIMEOUT', 30_000, time)
}

/**
 * Returns whether process trees get a warden; `off` is for comparisons.
 * @variable PROCWARD_WARDEN `off` starts processes without warden or watcher, for comparing
 */
function usesWarden() {
  return oneOf('PROCWARD_WARDEN', process.env.PROCWARD_WARDEN || 'on', ['on', 'off']) === 'on'
}

/**
 * Proxies as Node.js's `fetch` uses them; an empty variable counts as unset, but hides the other
 * spelling of its name.
 * @typedef {{ http?: string, https?: string, noProxy: string }} Proxies
 */

/**
 * The proxies that Node.js uses; `undefined` unless it was told to look for them.
 * @variable NODE_USE_ENV_PROXY `1`: servers over HTTP are reached through the proxies below
 * @variable NODE_OPTIONS `--use-env-proxy` in it means the same
 * @variable HTTP_PROXY the proxy for http; `http_proxy` goes first
 * @variable HTTPS_PROXY the proxy for https; `https_proxy` goes first
 * @variable NO_PROXY hosts that are reached without a proxy; `no_proxy` goes first
 * @returns {Proxies | undefined}
 */
function proxies() {
  const { env } = process
  const options = [...(env.NODE_OPTIONS ?? '').split(/\s+/), ...process.execArgv]
  const said = options.findLast((option) => /^--(no-)?use[-_]env[-_]proxy$/.test(option))
  if (said === undefined ? env.NODE_USE_ENV_PROXY !== '1' : said.startsWith('--no'))
    return undefined
  const [http, https] = [env.http_proxy ?? env.HTTP_PROXY, env.https_proxy ?? env.HTTPS_PROXY]
  return {
    http: http || undefined,
    https: https || undefined,
    noProxy: env.no_proxy ?? env.NO_PROXY ?? '',
  }
}

/**
 * The file of certificates that Node.js trusts besides its own.
 * @variable NODE_EXTRA_CA_CERTS a file of certificates to trust besides Node.js's own
 */
function extraCertificates() {
  return process.env.NODE_EXTRA_CA_CERTS || undefined
}

/**
 * False where Node.js was told to trust any server.
 * @variable NODE_TLS_REJECT_UNAUTHORIZED `0`: any certificate is trusted
 */
function verifiesCertificates() {
  return process.env.NODE_TLS_REJECT_UNAUTHORIZED !== '0'
}

/**
 * The address of the health routes that the user set for the command line.
 * @variable PROCWARD_URL the health routes that the command line asks
 */
function healthUrl() {
  return process.env.PROCWARD_URL || undefined
}

/**
 * The token that the command line sends to the health routes.
 * @variable PROCWARD_TOKEN the token that the command line sends to them
 */
function healthToken() {
  return process.env.PROCWARD_TOKEN || undefined
}

/**
 * Returns whether servers leave their address for the command line, which looks for it.
 * @variable PROCWARD_ANNOUNCE `off`: servers leave no file in `~/.procward/servers`
 */
function announces() {
  return oneOf('PROCWARD_ANNOUNCE', process.env.PROCWARD_ANNOUNCE || 'on', ['on', 'off']) === 'on'
}

/**
 * Returns whether the user asked for colours; `undefined` when the terminal decides.
 * @variable NO_COLOR set: the command line prints no colours
 * @variable FORCE_COLOR the command line prints colours; `0` or `false`: none
 * @variable TERM `dumb`: the command line prints no colours
 */
function wantsColor() {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  if (NO_COLOR) return false
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return !['0', 'false'].includes(FORCE_COLOR)
  return TERM === 'dumb' ? false : undefined
}

/**
 * The folders in which commands are looked for; relative ones mean nothing to another process.
 * @variable PATH the folders in which commands are looked for
 */
function commandFolders() {
  return (process.env.PATH ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
}

/**
 * The shell of Windows.
 * @variable comspec the shell of Windows
 */
function windowsShell() {
  return process.env.comspec || 'cmd.exe'
}

/**
 * The environment that children get. `PROCWARD_KEEP` spares this process alone: a child that is to
 * be spared gets its own.
 * @internal
 */
function childEnvironment() {
  const { PROCWARD_KEEP: _, ...variables } = process.env
  return variables
}

/**
 * The number of children of `child_process` that run at once; `undefined` for no limit.
 * @variable PROCWARD_MAX_CHILDREN children of `register` above which starts of `exec` wait
 */
function maxChildren() {
  return numberFrom('PROCWARD_MAX_CHILDREN', undefined, count)
}

/**
 * Returns this process's `PROCWARD_KEEP`.
 * @variable PROCWARD_KEEP `1` in a process's environment: scans spare it; not passed on
 */
function keepVariable() {
  return process.env.PROCWARD_KEEP
}

/** Returns a variable that an option names. @param {string} name */
function variable(name) {
  return process.env[name]
}

/**
 * Returns whether a registered server started this process below a warden.
 * @internal
 */
function isRegisteredChild() {
  return Boolean(process.env.PROCWARD_REGISTERED)
}

/**
 * Returns whether the guard of a detached child stays after its `unref()`.
 * @variable PROCWARD_REGISTER `all`: the guard of a detached child stays after its `unref()`
 */
function guardsDetached() {
  return process.env.PROCWARD_REGISTER === 'all'
}

/**
 * Returns the variables of a guarded child. A detached child may outlive its server: the cleanup
 * scanner must spare the child, and the child guards its own children.
 * @param {boolean} detached
 */
function guardedEnvironment(detached) {
  return detached && !guardsDetached() ? ['PROCWARD_KEEP=1'] : ['PROCWARD_REGISTERED=1']
}

/**
 * Returns the variables of a child that Node.js starts and procward takes over. On Windows the job
 * of the child holds the children of that child too. Elsewhere the child guards its own children.
 * @param {boolean} detached
 */
function adoptedEnvironment(detached) {
  const variables = guardedEnvironment(detached)
  return detached || process.platform === 'win32' ? variables : []
}

module.exports = {
  CLEANUP_SCOPES,
  REACHES_STRANGERS,
  adoptedEnvironment,
  announces,
  callTimeout,
  childEnvironment,
  cleanupInterval,
  cleanupScope,
  commandFolders,
  extraCertificates,
  guardedEnvironment,
  guardsDetached,
  healthToken,
  healthUrl,
  isRegisteredChild,
  keepVariable,
  limitFolder,
  limitLease,
  limitUrl,
  listTimeout,
  maxChildren,
  maxConcurrent,
  mcporterBin,
  memoryBudget,
  nativeLibraryPath,
  poolSize,
  processMaxAge,
  proxies,
  usesWarden,
  variable,
  verifiesCertificates,
  wantsColor,
  windowsShell,
}
