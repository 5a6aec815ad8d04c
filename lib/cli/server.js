'use strict'

// Requests a server's health routes over HTTP. The answers are untrusted.

const config = require('../config')
const { isLoopback } = require('../loopback')
const { unreachable, usageError } = require('./failure')
const { plain } = require('./text')

const DEFAULT_URL = 'http://127.0.0.1:3002/api/health'
/** Timeout of a request in ms. */
const TIMEOUT = 5000
/** Maximum bytes of an answer. */
const LONGEST_ANSWER = 16 * 2 ** 20

/**
 * @typedef {object} Server
 * @property {string} url
 * @property {boolean} isChosen - the user named it
 * @property {number[]} pids - of the server where it was found, otherwise empty
 * @property {(path: string, options?: AskOptions) => Promise<Reply>} ask
 */
/** @typedef {{ status: number, type: string, text: string }} Reply */
/**
 * @typedef {{ accept?: string, statuses?: number[] }} AskOptions
 *   `statuses` besides 200 that are answers
 */

/**
 * Returns the server at a URL.
 * @param {string} given
 * @param {{ token?: string }} request
 * @param {import('./output').Output} output
 * @param {{ name?: string, isChosen?: boolean, pids?: number[], hint?: string }} about
 *   - `name` of what gave the URL, `hint` at the end of errors
 * @returns {Server}
 */
function serverAt(given, request, output, { name = 'URL', isChosen = false, pids = [], hint }) {
  const token = request.token ?? config.healthToken()
  const base = baseOf(given, name)
  if (token !== undefined && /[^\x21-\x7e]/.test(token))
    throw usageError('the token must be printable ASCII without spaces')
  if (token !== undefined && base.protocol === 'http:' && !isLoopback(base.hostname)) {
    output.warn(`the token goes to ${base.host} unencrypted; use https:`)
  }
  const url = base.origin + base.pathname.replace(/\/+$/, '')
  const ending = hint === undefined ? '' : `. ${hint}`
  return {
    ...{ url, isChosen, pids },
    ask: (path, options) => ask(url, path, { token, hint: ending, ...options }),
  }
}

/** @param {string} text @param {string} name */
function baseOf(text, name) {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw usageError(`${name} must be a URL such as ${DEFAULT_URL}`)
  }
  if (url.username || url.password)
    throw usageError(`${name} must hold no password; use PROCWARD_TOKEN`)
  return url
}

/**
 * @param {string} url
 * @param {string} path
 * @param {AskOptions & { token?: string, hint: string }} options
 * @returns {Promise<Reply>}
 */
async function ask(url, path, { accept = 'application/json', statuses = [], token, hint }) {
  const headers = { accept, ...(token && { authorization: `Bearer ${token}` }) }
  const signal = AbortSignal.timeout(TIMEOUT)
  let reply
  try {
    // A token is for this server alone, so a redirect is not followed.
    const response = await fetch(url + path, { headers, signal, redirect: 'manual' })
    const type = response.headers.get('content-type') ?? ''
    reply = { status: response.status, type, text: await textOf(response) }
  } catch (error) {
    throw unreachable(`cannot reach ${url}: ${why(error)}${hint}`, error)
  }
  if (reply.status === 200 || statuses.includes(reply.status)) return reply
  const place =
    reply.status === 404 && new URL(url).pathname === '/' ? ` Try ${url}/api/health` : ''
  throw unreachable(`${url} ${refusal(reply.status, token !== undefined)}${place}${hint}`)
}

/**
 * Reads an answer.
 * @param {Response} response
 * @param {number} [longest] - in bytes
 */
async function textOf(response, longest = LONGEST_ANSWER) {
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ''
  for await (const chunk of /** @type {any} */ (response.body ?? [])) {
    bytes += chunk.length
    if (bytes > longest) throw new Error('its answer is too long')
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** @param {any} error */
function why(error) {
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT / 1000} s`
  return plain(error.cause?.code ?? error.cause?.message ?? error.message)
}

/** @param {number} status @param {boolean} hasToken */
function refusal(status, hasToken) {
  if (status === 401)
    return hasToken ? 'does not take this token' : 'wants a token: set PROCWARD_TOKEN'
  if (status === 403)
    return (
      'refuses this request (403): ' +
      'its healthRouter() needs a token, or this host in allowedHosts'
    )
  if (status === 404)
    return 'has no such health route (404): is this where healthRouter() is mounted?'
  if (status >= 300 && status < 400)
    return `answers with a redirect (${status}), which is not followed`
  return `answers with status ${status}`
}

/**
 * @param {Server} server
 * @param {string} path
 * @param {AskOptions} [options]
 * @returns {Promise<any>}
 */
async function json(server, path, options) {
  const { text } = await server.ask(path, options)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw strange(server, error)
  }
}

/** @param {Server} server @param {unknown} [cause] */
function strange({ url }, cause) {
  const page = /\/dashboard$/.test(url) ? '; leave out /dashboard' : ''
  return unreachable(`${url} answers, but not as procward's health routes do${page}`, cause)
}

module.exports = { DEFAULT_URL, json, serverAt, strange, textOf }
