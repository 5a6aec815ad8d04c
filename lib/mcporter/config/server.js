'use strict'

// A server ready to be started or connected to, with all placeholders of its definition resolved.

const { createHash } = require('node:crypto')
const {
  environmentProblem,
  headersProblem,
  sentHeaders,
  textProblem,
  variableNameProblem,
} = require('../../mcp/transport-problem')
const { MissingVariables, expand, expandInCommand, expandInEnv } = require('./placeholders')
const { pathOf, variables } = require('./places')
const { UnusableEntry } = require('./schema')

const MAX_REASON = 500

/** @typedef {import('./places').Places} Places */
/** @typedef {import('./definition').Definition} Definition */

/**
 * The reasons for which a configured server gets no session. With the first two, mcporter cannot
 * call the server either:
 * - `invalid`: the entry can't be used
 * - `variable`: an environment variable that it needs is not set
 *
 * A process of mcporter may be able to call the others:
 * - `oauth`, `refresh`: its token is in mcporter's store (see oauth-store.js)
 * - `sse`: it speaks the transport before Streamable HTTP
 * - `http-fetch`: it wants Node.js's HTTP client
 * - `chrome-devtools`: mcporter changes that server while it starts
 * - `recording`: mcporter is to record or replay
 * - `environment`: its environment has a name that Node.js lets pass
 * - `unknown-key`: the entry says something that only a newer mcporter may understand
 * @typedef {'invalid' | 'variable' | 'oauth' | 'refresh' | 'sse' | 'http-fetch' | 'chrome-devtools'
 *   | 'recording' | 'environment' | 'unknown-key'} Need
 */

/**
 * @typedef {object} Stdio
 * @property {'stdio'} kind
 * @property {string} command
 * @property {string[]} args
 * @property {string} cwd
 * @property {Record<string, string>} env
 *   - all of the child's environment, put together when it is asked for
 */

/** @typedef {{ kind: 'http', url: string, headers: Record<string, string> }} Http */

/**
 * @typedef {object} Server
 * @property {string} name
 * @property {string} key
 *   - changes when a session of the server before the change can't be used after it; made when it
 *   is asked for
 * @property {import('./definition').Source} source
 * @property {Stdio | Http} [transport] - none when it can't be told (`invalid`, `variable`)
 * @property {import('./lifecycle').Lifecycle} [lifecycle]
 * @property {string[]} [allowedTools]
 * @property {string[]} [blockedTools]
 * @property {Need} [needs]
 * @property {string} [reason] - of `needs`, in words without secrets
 * @property {Definition} [definition] - none when it is beyond understanding
 */

/**
 * @param {Definition} definition
 * @param {Places} places - with the variables of its `envFile`
 * @returns {Server}
 * @throws {UnusableEntry} when no process or request can be made of it
 */
function resolveServer(definition, places) {
  const { name, source, lifecycle, allowedTools, blockedTools } = definition
  const common = { name, source, lifecycle, allowedTools, blockedTools, definition }
  try {
    const { transport, identity, oddName } = resolveTransport(definition, places)
    const needs = oddName
      ? need('environment', `env${oddName}`)
      : needOf(definition, transport, places)
    return withKey({ ...common, transport, ...needs }, [name, ...identity])
  } catch (error) {
    if (!(error instanceof MissingVariables)) throw error
    return withKey({ ...common, ...unusable(error) }, [name, 'variable', error.message])
  }
}

/**
 * Creates a server that cannot be called.
 * @param {string} name
 * @param {import('./definition').Source} source
 * @param {Error} problem
 * @returns {Server}
 */
function unusableServer(name, source, problem) {
  const why = unusable(problem)
  return withKey({ name, source, ...why }, [name, why.needs, why.reason])
}

/** @param {Error} problem @returns {{ needs: Need, reason: string }} */
function unusable(problem) {
  const { message } = problem
  const reason = message.length > MAX_REASON ? `${message.slice(0, MAX_REASON)}…` : message
  return { needs: problem instanceof MissingVariables ? 'variable' : 'invalid', reason }
}

/** @param {Omit<Server, 'key'>} server @param {unknown[]} identity @returns {Server} */
function withKey(server, identity) {
  // Computed on use, because most servers of a large configuration are never called.
  return Object.defineProperty(/** @type {Server} */ (server), 'key', {
    get: () => keyOf(identity),
  })
}

/**
 * @param {Definition} definition
 * @param {Places} places
 * @returns {{ transport: Stdio | Http, identity: unknown[], oddName?: string }}
 */
function resolveTransport({ transport, env, fileVariables }, places) {
  const variable = withOverrides(env, places)
  const overrides = Object.entries(env)
    .map(([name, text]) => [name, expandInEnv(text, variable)])
    .filter(([, value]) => value !== '')
  if (transport.kind === 'http') {
    const { url } = transport
    // The HTTP client sets the accept header itself.
    const wanted = Object.entries(transport.headers).filter(
      ([name]) => name.toLowerCase() !== 'accept',
    )
    const headers = sentHeaders(
      Object.fromEntries(wanted.map(([name, text]) => [name, expand(text, variable)])),
    )
    refuse('headers', headersProblem(headers))
    return {
      transport: { kind: 'http', url, headers },
      identity: [url, Object.entries(headers).sort()],
    }
  }
  const args = transport.args.map((arg) => expandInCommand(arg, variable))
  const command = fromFolder(expandInCommand(transport.command, variable), transport.cwd, places)
  const { cwd } = transport
  refuse('command', command === '' ? ' must not be empty' : textProblem(command))
  for (const [at, arg] of args.entries()) refuse(`args[${at}]`, textProblem(arg))
  refuse('cwd', textProblem(cwd))
  const own = Object.fromEntries(overrides)
  refuse('env', environmentProblem(own))
  refuse('envFile', environmentProblem(fileVariables ?? {}))
  // Inherited variables are no part of the identity, because they may change at any time.
  const identity = [
    command,
    args,
    cwd,
    overrides.sort(),
    ...(fileVariables ? [Object.entries(fileVariables).sort()] : []),
  ]
  const ofChild = { get: () => merged(overrides, places), enumerable: true }
  const stdio = Object.defineProperty({ kind: 'stdio', command, args, cwd }, 'env', ofChild)
  return { transport: /** @type {Stdio} */ (stdio), identity, oddName: variableNameProblem(own) }
}

/** @param {string} field @param {string | undefined} problem */
function refuse(field, problem) {
  if (problem !== undefined) throw new UnusableEntry(field + problem)
}

/**
 * Returns the variables of this process, with those that only the server's own entry sets.
 * @param {Record<string, string>} env
 * @param {Places} places
 */
function withOverrides(env, places) {
  const outer = variables(places)
  /** @type {Map<string, string>} */
  const inner = new Map()
  /** @param {string} name */
  const variable = (name) => outer(name) || inner.get(sameName(name, places)) || outer(name)
  for (const [name, text] of Object.entries(env)) {
    if (!outer(name)) inner.set(sameName(name, places), expandInEnv(text, variable))
  }
  return variable
}

/** Returns one name for all spellings of a variable. @param {string} name @param {Places} places */
function sameName(name, { platform }) {
  return platform === 'win32' ? name.toUpperCase() : name
}

/** @param {string[][]} overrides @param {Places} places */
function merged(overrides, places) {
  /** @type {Map<string, [string, string]>} */
  const all = new Map()
  for (const [name, value] of [...Object.entries(places.env), ...overrides]) {
    if (value !== undefined) all.set(sameName(name, places), [name, value])
  }
  return Object.fromEntries(all.values())
}

/**
 * Resolves a command with a slash in it from the folder in which the command runs.
 * @param {string} command
 * @param {string} cwd
 * @param {Places} places
 */
function fromFolder(command, cwd, places) {
  const isPath = places.platform === 'win32' ? /[\\/]/ : /\//
  return isPath.test(command) ? pathOf(places).resolve(cwd, command) : command
}

/**
 * @param {Definition} definition
 * @param {Stdio | Http} transport
 * @param {Places} places
 * @returns {{ needs?: Need, reason?: string }}
 */
function needOf({ name, auth, httpFetch }, transport, places) {
  const variable = variables(places)
  const recorded = variable('MCPORTER_RECORD') ? 'MCPORTER_RECORD' : 'MCPORTER_REPLAY'
  const only = variable(`${recorded}_SERVER`)
  if (variable(recorded) && (!only || only === name)) return need('recording', `${recorded} is set`)
  if (transport.kind === 'stdio') {
    if (auth === 'refreshable_bearer')
      return need('refresh', 'its bearer token is refreshed by mcporter')
    const tokens = [transport.command, ...transport.args]
    const isPatched =
      tokens.some((token) => /(^chrome-devtools-mcp(@|$))|\/chrome-devtools-mcp/.test(token)) &&
      transport.args.some((arg) => arg === '--autoConnect' || arg === '--auto-connect') &&
      transport.env.MCPORTER_DISABLE_CHROME_DEVTOOLS_COMPAT !== '1'
    return isPatched
      ? need('chrome-devtools', 'mcporter patches chrome-devtools-mcp for --autoConnect')
      : {}
  }
  const hasToken = Object.keys(transport.headers).some(
    (header) => header.toLowerCase() === 'authorization',
  )
  if (auth === 'oauth') return need('oauth', 'it is signed in to with OAuth')
  if (auth === 'refreshable_bearer' && !hasToken)
    return need('refresh', 'its bearer token is refreshed')
  const { hostname, pathname } = new URL(transport.url)
  if (httpFetch === 'node-http1' || (httpFetch === undefined && hostname === 'api.sunsama.com')) {
    return need('http-fetch', "it wants Node.js's own HTTP/1.1 client")
  }
  return /\/sse\/?$/.test(pathname)
    ? need('sse', 'its address is one of the transport before Streamable HTTP')
    : {}
}

/** @param {Need} needs @param {string} reason */
function need(needs, reason) {
  return { needs, reason }
}

/** @param {unknown[]} parts */
function keyOf(parts) {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

module.exports = { resolveServer, unusableServer }
