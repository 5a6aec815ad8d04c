'use strict'

// Leaves a file with the addresses of this process's health routes, so that the command line finds
// them. A server's port is known when the server listens. The path of a router is known from the
// first request below a framework, which keeps the URL as it was sent. The command line tries the
// usual paths until then. No problem with the file reaches the host.

const diagnosticsChannel = require('node:diagnostics_channel')
const http = require('node:http')
const https = require('node:https')
const { isLoopback } = require('../loopback')
const {
  VERSION,
  isPath,
  newName,
  ownIdentity,
  removeServerFile,
  writeServerFile,
} = require('../server-files')

/** Published by Node.js from 20.15 and 22.3 on. Before, the first request tells the port. */
const LISTEN = 'tracing:net.server.listen:asyncStart'
const LISTENING = 'tracing:net.server.listen:asyncEnd'
/** The most HTTP servers, URLs of one, and prefixes in the file. */
const MOST = 8

/** @typedef {import('node:http').Server | import('node:https').Server} Server */

/** The URLs that were requested, by listening server. @type {Map<Server, Set<string>>} */
const listening = new Map()
/** Servers that cannot be reached by IPv4. @type {WeakSet<object>} */
const ipv6Only = new WeakSet()
/** @type {Set<string>} */
const mounts = new Set()
/** @type {string | undefined} */
let name
let isSubscribed = false
/** True after a failure, such as a read-only home: nothing is tried again. */
let hasFailed = false

/** Notes HTTP servers that listen from now on. @param {string} prefix - of the router, or empty */
function announce(prefix) {
  if (isPath(prefix) && prefix !== '' && mounts.size < MOST) mounts.add(prefix)
  if (isSubscribed) return
  isSubscribed = true
  diagnosticsChannel.subscribe(LISTEN, (message) => {
    const { server, options } = /** @type {{ server?: any, options?: any }} */ (message)
    if (isHttp(server) && options?.ipv6Only === true) ipv6Only.add(server)
  })
  diagnosticsChannel.subscribe(LISTENING, (message) => {
    const { server } = /** @type {{ server?: unknown }} */ (message)
    silently(() => {
      if (isHttp(server) && add(server)) update()
    })
  })
}

/**
 * Notes the URL of the router that answers a request.
 * @param {import('node:http').IncomingMessage & { originalUrl?: string }} req
 * @param {string} path - below the mount path
 */
function noteRequest(req, path) {
  silently(() => note(req, path))
}

/** @type {typeof noteRequest} */
function note(req, path) {
  const server = serverOf(req)
  if (server === undefined) return
  if (!listening.has(server)) {
    if (!add(server)) return
    update()
  }
  const origin = originOf(server)
  // A plain server may have changed `url`, so nothing else tells the path for sure.
  const mount = req.originalUrl === undefined ? undefined : mountOf(req.originalUrl, path)
  const urls = listening.get(server)
  if (origin === undefined || mount === undefined || urls === undefined) return
  const url = origin + mount
  if (urls.has(url) || urls.size >= MOST) return
  urls.add(url)
  update()
}

/** Keeps an odd request or server from failing the host. @param {() => void} work */
function silently(work) {
  try {
    work()
  } catch {
    // The command line has `--url` for such a server.
  }
}

/** Returns the HTTP server that got a request. @param {import('node:http').IncomingMessage} req */
function serverOf({ socket }) {
  const { server } = /** @type {{ server?: unknown }} */ (socket ?? {})
  return isHttp(server) ? server : undefined
}

/** @param {unknown} server @returns {server is Server} */
function isHttp(server) {
  return server instanceof http.Server || server instanceof https.Server
}

/** @param {Server} server */
function add(server) {
  if (listening.size >= MOST || originOf(server) === undefined) return false
  listening.set(server, new Set())
  server.once('close', () => {
    listening.delete(server)
    update()
  })
  return true
}

/**
 * Returns the loopback origin of a listening server; `undefined` if it cannot be reached there.
 * @param {Server} server
 */
function originOf(server) {
  const place = server.address()
  if (place === null || typeof place === 'string') return undefined
  const { address, port } = place
  const scheme = server instanceof https.Server ? 'https' : 'http'
  // Containers often have no `::1`, though a server listens at `::`.
  const any = ipv6Only.has(server) ? '::1' : '127.0.0.1'
  const host = isLoopback(address) ? address : { '::': any, '0.0.0.0': any }[address]
  return host && `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/**
 * Returns the mount path of a router: the requested path without the part that the router answers.
 * @param {string} requested
 * @param {string} path
 */
function mountOf(requested, path) {
  const whole = requested.split('?', 1)[0].replace(/\/$/, '')
  const below = path === '/' ? '' : path
  if (!whole.endsWith(below)) return undefined
  const mount = whole.slice(0, whole.length - below.length)
  return isPath(mount) ? mount : undefined
}

/** Writes the file, or removes it if no server listens. */
function update() {
  if (hasFailed) return
  try {
    if (listening.size === 0) return remove()
    if (name === undefined) {
      name = newName()
      process.once('exit', remove)
    }
    const servers = [...listening].flatMap(([server, urls]) => {
      const origin = originOf(server)
      return origin === undefined ? [] : [{ origin, urls: [...urls] }]
    })
    writeServerFile(name, { version: VERSION, ...ownIdentity(), mounts: [...mounts], servers })
  } catch {
    hasFailed = true
    remove()
  }
}

function remove() {
  if (name !== undefined) removeServerFile(name)
}

module.exports = { announce, noteRequest }
