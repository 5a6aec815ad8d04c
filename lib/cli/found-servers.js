'use strict'

// Finds the running servers of this user by the files that they leave.

const os = require('node:os')
const { hereOnLinux, readServerFiles, removeServerFile, startOf } = require('../server-files')
const { textOf } = require('./server')

/** @typedef {import('../server-files').ServerFile} ServerFile */
/**
 * @typedef {object} FoundServer
 * @property {number[]} pids - several where processes share a port, as those of a cluster do
 * @property {number} startTime - of the first process, epoch ms
 * @property {string | null} url - of the health routes; `null` before their first request, if they
 *   are at no usual path
 * @property {string} place - the URL, or the origins at which the process listens
 */

/** The usual paths of health routes, tried until the first request tells the path. */
const USUAL = ['/api/health', '']
/** Timeout of such an attempt in ms. */
const TIMEOUT = 2000
/** The most bytes of its answer. */
const LONGEST = 1000

/**
 * Returns the running servers, the oldest first.
 * @param {number} [pid] only the servers of this process
 * @returns {Promise<FoundServer[]>}
 */
async function foundServers(pid) {
  const files = runningFiles().filter((file) => pid === undefined || file.pid === pid)
  const found = (await Promise.all(files.map(serversOf))).flat()
  found.sort((one, other) => one.startTime - other.startTime)
  /** @type {Map<string, FoundServer>} */
  const byPlace = new Map()
  for (const server of found) {
    const known = byPlace.get(server.place)
    if (known === undefined) byPlace.set(server.place, server)
    else known.pids.push(...server.pids)
  }
  return [...byPlace.values()]
}

/** Returns the files of processes that run here, and removes those of dead ones. */
function runningFiles() {
  const here = hereOnLinux()
  return readServerFiles().flatMap(({ name, content }) => {
    const state = stateOf(content, here)
    if (state === 'stale') removeServerFile(name)
    return state === 'running' ? [content] : []
  })
}

/**
 * Returns the state of a file's process. The process of another machine or PID namespace with the
 * same home cannot be seen from here.
 * @param {ServerFile} file
 * @param {ReturnType<typeof hereOnLinux>} here
 * @returns {'running' | 'stale' | 'elsewhere'}
 */
function stateOf({ pid, host, boot, namespace, start }, here) {
  if (host !== os.hostname()) return 'elsewhere'
  if (boot !== null && here.boot !== null && boot !== here.boot) return 'stale'
  if (namespace !== here.namespace) return 'elsewhere'
  if (!isAlive(pid)) return 'stale'
  const now = start === null ? null : startOf(pid)
  return now === null || now === start ? 'running' : 'stale'
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH'
  }
}

/** @param {ServerFile} file @returns {Promise<FoundServer[]>} */
async function serversOf({ pid, startTime, mounts, servers }) {
  const known = servers.flatMap(({ urls }) => urls)
  const urls = known.length > 0 ? known : await tried(servers, mounts)
  const found = urls.map((url) => ({ pids: [pid], startTime, url, place: url }))
  if (found.length > 0 || servers.length === 0) return found
  const place = servers.map(({ origin }) => origin).join(' ')
  return [{ pids: [pid], startTime, url: null, place }]
}

/**
 * Returns the URLs at which health routes answer.
 * @param {ServerFile['servers']} servers
 * @param {string[]} mounts
 */
async function tried(servers, mounts) {
  const paths = mounts.length > 0 ? mounts : USUAL
  const urls = servers.flatMap(({ origin }) => paths.map((path) => origin + path))
  const answers = await Promise.all(urls.map(answersAsHealth))
  const answering = urls.filter((_, at) => answers[at])
  // A router that names its one place is there, even if the server is too busy to answer in time.
  return answering.length === 0 && mounts.length === 1 && urls.length === 1 ? urls : answering
}

/** Asks a route that needs no token. @param {string} url */
async function answersAsHealth(url) {
  try {
    const signal = AbortSignal.timeout(TIMEOUT)
    const response = await fetch(`${url}/live`, { signal, redirect: 'error' })
    const answer = JSON.parse(await textOf(response, LONGEST))
    return response.status === 200 && answer.status === 'ok' && typeof answer.timestamp === 'string'
  } catch {
    return false
  }
}

module.exports = { foundServers, stateOf }
