'use strict'

// The configuration as it is now. Whether a file changed is looked up when somebody asks, at most once in a while: no
// watcher that misses what some editors and file systems do, no timer, nothing that keeps the process alive.

const { readConfiguration } = require('./index')

/** @typedef {import('./index').Configuration} Configuration */
/** @typedef {import('./places').Places} Places */
/** @typedef {import('./server').Server} Server */

/**
 * @typedef {object} Changes
 * @property {Server[]} added
 * @property {Server[]} removed
 * @property {Server[]} changed - those with another key, as they are now
 */

/**
 * @typedef {object} Options
 * @property {() => Places} places - asked again for each reading
 * @property {number} [interval] - ms for which the last look counts
 * @property {() => number} [now] - a clock that never goes back
 * @property {(changes: Changes, configuration: Configuration) => void} [onChange] - not called for the first reading
 * @property {(error: Error) => void} [onError] - of a changed file that can't be used: what was read before stays, for one look at least
 */

class WatchedConfiguration {
  #options
  /** @type {Configuration | undefined} */
  #current
  /** @type {Promise<Configuration> | undefined} */
  #looking
  #looked = -Infinity
  /** The state of changed files that could not be used, and whether that may be because one is being written. @type {{ state: string, isPassing: boolean } | undefined} */
  #doubt

  /** @param {Options} options */
  constructor(options) {
    this.#options = { interval: 1000, now: () => performance.now(), ...options }
  }

  /** What the files say; those who ask at once share one look. @returns {Promise<Configuration>} @throws `ERR_INVALID_CONFIG` while there is none that could be used */
  get() {
    const { now, interval } = this.#options
    if (this.#looking !== undefined) return this.#looking
    if (this.#current !== undefined && now() - this.#looked < interval) return Promise.resolve(this.#current)
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #look() {
    const before = this.#current
    const places = this.#options.places()
    const state = before === undefined ? '' : await stateOf(before.marks.keys(), places)
    this.#looked = this.#options.now()
    if (before === undefined) return this.#take(await readConfiguration(places))
    const isDoubted = state === this.#doubt?.state
    if (state === marksOf(before.marks) || (isDoubted && !this.#doubt?.isPassing)) return before
    /** @type {Configuration} */
    let read
    try {
      read = await readConfiguration(places)
    } catch (error) {
      return this.#refuse(before, { state, isPassing: false }, /** @type {Error} */ (error))
    }
    const broken = read.ignored.find(({ file }) => !before.ignored.some((each) => each.file === file))
    if (broken !== undefined && !isDoubted) {
      return this.#refuse(before, { state, isPassing: true }, new Error(`${broken.file}: ${broken.problem}`))
    }
    this.#take(read)
    const changes = changesBetween(before.servers, read.servers)
    if (Object.values(changes).some((servers) => servers.length > 0)) this.#options.onChange?.(changes, read)
    return read
  }

  /** @param {Configuration} read */
  #take(read) {
    this.#current = read
    this.#doubt = undefined
    return read
  }

  /** @param {Configuration} before @param {{ state: string, isPassing: boolean }} doubt @param {Error} error */
  #refuse(before, doubt, error) {
    this.#doubt = doubt
    this.#options.onError?.(error)
    return before
  }
}

/** @param {Server[]} before @param {Server[]} after @returns {Changes} */
function changesBetween(before, after) {
  const old = new Map(before.map((server) => [server.name, server.key]))
  const names = new Set(after.map(({ name }) => name))
  return {
    added: after.filter(({ name }) => !old.has(name)),
    removed: before.filter(({ name }) => !names.has(name)),
    changed: after.filter(({ name, key }) => old.has(name) && old.get(name) !== key),
  }
}

/** @param {Iterable<string>} paths @param {Places} places */
async function stateOf(paths, { files }) {
  const marks = await Promise.all([...paths].map(async (path) => /** @type {const} */ ([path, await files.mark(path)])))
  return marksOf(new Map(marks))
}

/** @param {Map<string, string>} marks */
function marksOf(marks) {
  return JSON.stringify([...marks])
}

module.exports = { WatchedConfiguration, changesBetween }
