'use strict'

// The small files by which the command line finds running servers. Each server with health routes
// leaves one in a folder of its user, and removes it at exit. Only the owner can read and write it.

const { randomBytes } = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { isLoopback } = require('./loopback')

/**
 * The content of a file: the process, and the addresses at which its HTTP servers listen.
 * @typedef {object} ServerFile
 * @property {number} version - 1
 * @property {number} pid
 * @property {string} host - the machine's name, because several machines may share a home
 * @property {string | null} boot - the boot of the kernel, on Linux
 * @property {string | null} namespace - the PID namespace, on Linux
 * @property {string | null} start - the start time in the kernel's own units, on Linux
 * @property {number} startTime - epoch ms
 * @property {string[]} mounts - the prefixes of routers, as far as they are known before a request
 * @property {{ origin: string, urls: string[] }[]} servers - `urls` have been requested
 */

const VERSION = 1
const NAME = /^\d{1,10}-[\da-f]{8}\.json$/
/** The largest file that is read, and the most files. */
const LONGEST = 16 * 1024
const MOST_FILES = 256
/** The group and the others may not write, and for a file not even read. */
const OTHERS_WRITE = 0o022
const OTHERS = 0o077

/** Returns the folder of the user. */
function serverFolder() {
  return path.join(os.homedir(), '.procward', 'servers')
}

/** Returns facts that tell this process from every other one. */
function ownIdentity() {
  const { boot, namespace } = hereOnLinux()
  const startTime = Math.round(Date.now() - process.uptime() * 1000)
  const { pid } = process
  return { pid, host: os.hostname(), boot, namespace, start: startOf(pid), startTime }
}

/** Returns the kernel's boot and this PID namespace; `null` where they cannot be read. */
function hereOnLinux() {
  const boot = orNull(() => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim())
  const namespace = orNull(() => fs.readlinkSync('/proc/self/ns/pid'))
  return { boot, namespace }
}

/** Returns the start time of a process in ticks since the boot; `null` where it cannot be read. */
function startOf(/** @type {number} */ pid) {
  return orNull(() => {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name before it may contain anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  })
}

/**
 * Writes this process's file as a whole, so that no reader sees a half of it.
 * @param {string} name
 * @param {ServerFile} content
 * @throws when the home is not the user's own or cannot be written
 */
function writeServerFile(name, content) {
  const folder = serverFolder()
  requireOwn(fs.statSync(os.homedir()), 'the home folder')
  for (const each of [path.dirname(folder), folder]) {
    fs.mkdirSync(each, { recursive: true, mode: 0o700 })
    requireOwn(fs.lstatSync(each), each)
  }
  const file = path.join(folder, name)
  const draft = `${file}.new`
  fs.writeFileSync(draft, JSON.stringify(content), { mode: 0o600, flag: 'wx' })
  fs.renameSync(draft, file)
}

/** @param {string} name */
function removeServerFile(name) {
  const file = path.join(serverFolder(), name)
  for (const each of [file, `${file}.new`]) orNull(() => fs.rmSync(each, { force: true }))
}

/** Returns a name that no other process uses, also in another PID namespace. */
function newName() {
  return `${process.pid}-${randomBytes(4).toString('hex')}.json`
}

/**
 * Returns the files of this user, as far as they can be trusted and read.
 * @returns {{ name: string, content: ServerFile }[]}
 */
function readServerFiles() {
  const folder = serverFolder()
  const info = orNull(() => fs.lstatSync(folder))
  if (info === null || !isOwnFolder(info)) return []
  const names = orNull(() => fs.readdirSync(folder)) ?? []
  return names
    .filter((name) => NAME.test(name))
    .slice(0, MOST_FILES)
    .flatMap((name) => {
      const content = orNull(() => contentOf(path.join(folder, name)))
      return content === null ? [] : [{ name, content }]
    })
}

/** @param {string} file @returns {ServerFile | null} */
function contentOf(file) {
  // A link could lead elsewhere, and a pipe would never end. Windows has neither flag.
  const { O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY } = fs.constants
  const descriptor = fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const info = fs.fstatSync(descriptor)
    if (!info.isFile() || info.size > LONGEST || !isOwn(info) || isOpenTo(info, OTHERS)) return null
    const content = JSON.parse(fs.readFileSync(descriptor, 'utf8'))
    return isServerFile(content) ? content : null
  } finally {
    fs.closeSync(descriptor)
  }
}

/** @param {any} content @returns {content is ServerFile} */
function isServerFile(content) {
  const { version, pid, host, boot, namespace, start, startTime, mounts, servers } = content ?? {}
  return (
    version === VERSION &&
    Number.isSafeInteger(pid) &&
    pid > 0 &&
    typeof host === 'string' &&
    [boot, namespace, start].every((fact) => fact === null || typeof fact === 'string') &&
    Number.isFinite(startTime) &&
    isList(mounts, isPath) &&
    isList(
      servers,
      (server) =>
        isLoopbackUrl(server?.origin) &&
        isList(
          server.urls,
          (url) => isLoopbackUrl(url) && new URL(url).origin === new URL(server.origin).origin,
        ),
    )
  )
}

/** @param {unknown} value @param {(each: any) => boolean} check */
function isList(value, check) {
  return Array.isArray(value) && value.every(check)
}

/**
 * Returns whether a text is a path as it may stand in a URL. The path of a request is written by
 * its sender.
 * @param {unknown} text
 */
function isPath(text) {
  return (
    typeof text === 'string' &&
    text.length <= 200 &&
    /^(\/[\w.~!$&'()*+,;=:@%-]+)*$/.test(text) &&
    !/\/\.{1,2}(\/|$)/.test(text)
  )
}

/** @param {unknown} text */
function isLoopbackUrl(text) {
  if (typeof text !== 'string' || !URL.canParse(text)) return false
  const { protocol, hostname, pathname, username, password, search, hash } = new URL(text)
  return (
    /^https?:$/.test(protocol) &&
    isLoopback(hostname) &&
    isPath(pathname.replace(/\/$/, '')) &&
    [username, password, search, hash].every((part) => part === '')
  )
}

/** @param {fs.Stats} info @param {string} what */
function requireOwn(info, what) {
  if (!isOwnFolder(info)) throw new Error(`${what} is not this user's own`)
}

/** @param {fs.Stats} info */
function isOwnFolder(info) {
  return info.isDirectory() && isOwn(info) && !isOpenTo(info, OTHERS_WRITE)
}

/** Windows has no owners of this kind; there the profile's access list protects the folder. */
function isOwn(/** @type {fs.Stats} */ { uid }) {
  return process.getuid === undefined || uid === process.getuid()
}

/** @param {fs.Stats} info @param {number} bits */
function isOpenTo({ mode }, bits) {
  return process.platform !== 'win32' && (mode & bits) !== 0
}

/** @template T @param {() => T} read @returns {T | null} */
function orNull(read) {
  try {
    return read()
  } catch {
    return null
  }
}

module.exports = {
  VERSION,
  hereOnLinux,
  isPath,
  newName,
  ownIdentity,
  readServerFiles,
  removeServerFile,
  startOf,
  writeServerFile,
}
