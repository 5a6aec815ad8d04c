'use strict'

const { isRegExp } = require('node:util/types')
const {
  CLEANUP_SCOPES,
  REACHES_STRANGERS,
  cleanupInterval,
  cleanupScope,
  commandFolders,
  processMaxAge,
} = require('./config')
const { publishProcesses } = require('./diagnostics/processes')
const { stopAtShutdown } = require('./lifecycle')
const native = require('./native')
const validate = require('./validate')

/** @typedef {import('../index').CleanupOptions} CleanupOptions */

const KNOWN = ['interval', 'maxAge', 'scope', 'allow', 'killGrace']
const DEFAULT_KILL_GRACE = 2000
/** Running scanners, kept alive until they are stopped. @type {Set<CleanupScanner>} */
const running = new Set()
stopAtShutdown(() => {
  for (const scanner of running) scanner.stop()
})

class CleanupScanner {
  #options
  /**
   * The settings since the first use or the latest start.
   * @type {ReturnType<typeof complete> | undefined}
   */
  #settings
  /** @type {import('../binding').NativeScanner | undefined} */
  #native
  #warned = false

  /** @param {CleanupOptions} [options] */
  constructor(options) {
    this.#options = checked(options)
  }

  /** @param {CleanupOptions} [options] */
  start(options) {
    const given = { ...this.#options, ...checked(options) }
    const settings = complete(given)
    this.#scanner(settings).start(settings)
    this.#options = given
    this.#settings = settings
    running.add(this)
    publishProcesses()
  }

  stop() {
    this.#native?.stop()
    running.delete(this)
  }

  /** @param {{ dryRun?: boolean }} [options] */
  async cleanupAll(options) {
    const { dryRun = false } = validate.options('options', options, ['dryRun'])
    validate.boolean('dryRun', dryRun)
    const { scanned, killed, skipped, errors } = await this.#clean(dryRun)
    publishProcesses()
    return { scanned, killed: killed.map(judged), skipped: skipped.map(judged), errors }
  }

  /** @param {boolean} dryRun */
  async #clean(dryRun) {
    try {
      return await this.#scanner().clean(dryRun)
    } catch (error) {
      // Loaded on use, because a host seldom reaches its limit.
      throw require('./process-limit').atProcessLimit(error, 'Cannot scan')
    }
  }

  getStats() {
    const { isRunning, scans, killed, errors, lastScan = null } = this.#scanner().stats()
    const { interval, maxAge, scope } = this.#inForce()
    return { isRunning, interval, maxAge, stats: { scans, killed, errors }, scope, lastScan }
  }

  /** @returns {Record<string, number>} */
  getKilled() {
    return JSON.parse(this.#scanner().killed())
  }

  #inForce() {
    this.#settings ??= complete(this.#options)
    return this.#settings
  }

  #scanner(settings = this.#inForce()) {
    this.#warnOfStrangers(settings.scope)
    this.#native ??= new native.NativeScanner(settings)
    return this.#native
  }

  /** @param {import('./config').CleanupScope} scope */
  #warnOfStrangers(scope) {
    if (!REACHES_STRANGERS[scope] || this.#warned) return
    this.#warned = true
    process.emitWarning(
      `the cleanup scope '${scope}' terminates every Node.js process of this user ` +
        'that is older than maxAge, including editors and other servers; ' +
        'the first scan only reports (getStats().lastScan)',
      { type: 'ProcwardWarning', code: 'PROCWARD_MACHINE_SCOPE' },
    )
  }
}

/**
 * Copies the public facts. The addon tells the command line more.
 * @param {import('../binding').JudgedProcess} process
 */
function judged({ pid, name, age, code, reason }) {
  return { pid, name, age, code, reason }
}

/**
 * Fills absent options from the environment, which is not read for given options.
 * @param {ReturnType<typeof checked>} given
 */
function complete(given) {
  return {
    interval: given.interval ?? cleanupInterval(),
    maxAge: given.maxAge ?? processMaxAge(),
    scope: given.scope ?? cleanupScope(),
    allow: given.allow ?? [],
    killGrace: given.killGrace ?? DEFAULT_KILL_GRACE,
  }
}

/** Checks the options that were given. @param {unknown} options */
function checked(options) {
  const { interval, maxAge, scope, allow, killGrace } = validate.options('options', options, KNOWN)
  /**
   * @type {{ interval?: number, maxAge?: number, scope?: import('./config').CleanupScope, allow?:
   *   object[], killGrace?: number }}
   */
  const given = {}
  if (interval !== undefined) given.interval = validate.time('interval', interval)
  if (maxAge !== undefined) given.maxAge = validate.time('maxAge', maxAge)
  if (scope !== undefined) given.scope = validate.oneOf('scope', scope, CLEANUP_SCOPES)
  if (killGrace !== undefined) given.killGrace = validate.time('killGrace', killGrace)
  if (allow !== undefined) given.allow = allowEntries(allow)
  return given
}

/** @param {unknown} allow */
function allowEntries(allow) {
  if (!Array.isArray(allow)) throw validate.invalidConfig('allow', 'an array', allow)
  // A copy without holes, which map() would leave out.
  return [...allow].map((entry, at) => {
    if (isRegExp(entry)) return { source: entry.source, flags: entry.flags }
    if (typeof entry === 'string' && entry !== '')
      return {
        executable: validate.string(`allow[${at}]`, entry),
        folders: commandFolders(),
      }
    if (typeof entry === 'number') return { pid: validate.count(`allow[${at}]`, entry) }
    throw validate.invalidConfig(
      `allow[${at}]`,
      'a pid, the name or path of an executable, or a RegExp',
      entry,
    )
  })
}

module.exports = { CleanupScanner, cleanup: new CleanupScanner() }
