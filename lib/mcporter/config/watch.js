'use strict'

// The current configuration. A use checks the files for changes, at most once an interval. A file
// watcher would miss changes by some editors and file systems, and a timer keeps the process alive.

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
 * @property {(changes: Changes, configuration: Configuration) => void} [onChange]
 *   - not called for the first reading
 * @property {(error: Error) => void} [onError]
 *   - of a changed file that can't be used: what was read before stays, for one look at least
 */

class WatchedConfiguration {
  #options
  /** The last reading that was of use. @type {Configuration | undefined} */
  #current
  /** The reading in use, with the problems of now. @type {Configuration | undefined} */
  #shown
  /** @type {Promise<Configuration> | undefined} */
  #looking
  #looked = -Infinity
  /**
   * The state of changed files that could not be used. `isPassing` says that a file may just be
   * being written.
   * @type {{ state: string, isPassing: boolean } | undefined}
   */
  #doubt

  /** @param {Options} options */
  constructor(options) {
    this.#options = { interval: 1000, now: () => performance.now(), ...options }
  }

  /**
   * Returns what the files say; concurrent callers share one look.
   * @returns {Promise<Configuration>}
   */
  get() {
    const { now, interval } = this.#options
    if (this.#looking !== undefined) return this.#looking
    if (this.#shown !== undefined && now() - this.#looked < interval)
      return Promise.resolve(this.#shown)
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
    if (isDoubted && !this.#doubt?.isPassing) return this.#shown ?? before
    if (state === marksOf(before.marks)) return this.#take(before)
    const read = await readConfiguration(places)
    // mcporter would not start with these files, so the earlier reading stays.
    if (read.refusal !== undefined && before.refusal === undefined) {
      return this.#refuse(before, { state, isPassing: false }, read, read.refusal)
    }
    const broken = read.ignored.find(
      ({ file }) => !before.ignored.some((each) => each.file === file),
    )
    if (read.refusal === undefined && broken !== undefined && !isDoubted) {
      return this.#refuse(
        before,
        { state, isPassing: true },
        read,
        new Error(`${broken.file}: ${broken.problem}`),
      )
    }
    this.#report(before, read)
    return this.#take(read)
  }

  /** @param {Configuration} before @param {Configuration} read */
  #report(before, read) {
    const { onChange } = this.#options
    if (onChange === undefined) return
    const changes = changesBetween(before.servers, read.servers)
    if (Object.values(changes).some((servers) => servers.length > 0)) onChange(changes, read)
  }

  /** @param {Configuration} read */
  #take(read) {
    this.#current = read
    this.#shown = read
    this.#doubt = undefined
    // Checked again at the next use, because no call can be made with such a file.
    if (read.refusal !== undefined) this.#looked = -Infinity
    return read
  }

  /**
   * Goes on with what was read before, and says what is wrong now.
   * @param {Configuration} before
   * @param {{ state: string, isPassing: boolean }} doubt
   * @param {Configuration} read
   * @param {Error} error
   */
  #refuse(before, doubt, { ignored, refusal }, error) {
    this.#doubt = doubt
    this.#shown = { ...before, ignored, refusal }
    this.#options.onError?.(error)
    return this.#shown
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
  const marks = await Promise.all(
    [...paths].map(async (path) => /** @type {const} */ ([path, await files.mark(path)])),
  )
  return marksOf(new Map(marks))
}

/** @param {Map<string, string>} marks */
function marksOf(marks) {
  return JSON.stringify([...marks])
}

module.exports = { WatchedConfiguration, changesBetween }
