'use strict'

// Loads the addon. The generated loader's error speaks of npm bugs; the error here says what to do.

const { closeSync, fstatSync, openSync, readSync } = require('node:fs')
const { join } = require('node:path')
const config = require('./config')
const { codedError } = require('./errors')

// More attempts than the generated loader makes.
const MOST_CAUSES = 50

/** @returns {typeof import('../binding')} */
function load() {
  const damaged = process.platform === 'linux' ? truncatedFile() : undefined
  if (damaged !== undefined) throw failure(new Error(`${damaged}: the file is truncated`))
  try {
    return require('../binding')
  } catch (error) {
    throw failure(error)
  }
}

/** The addon's file, if it is cut off; the first that is there is the one that would be loaded. */
function truncatedFile() {
  for (const file of candidates()) {
    let descriptor
    try {
      descriptor = openSync(file, 'r')
      const head = Buffer.alloc(64)
      const length = readSync(descriptor, head, 0, head.length, 0)
      const { size } = fstatSync(descriptor)
      return isTruncated(head.subarray(0, length), size) ? file : undefined
    } catch {
      // It is not there, or the loader says why it cannot be read.
    } finally {
      if (descriptor !== undefined) closeSync(descriptor)
    }
  }
}

/**
 * The files that the generated loader tries, whichever C library runs here.
 * @returns {Generator<string, void>}
 */
function* candidates() {
  const override = config.nativeLibraryPath()
  if (override !== undefined) {
    yield override
    return
  }
  const targets = ['gnu', 'musl'].map((libc) => `linux-${process.arch}-${libc}`)
  for (const target of targets) yield join(__dirname, '..', `procward.${target}.node`)
  for (const target of targets) {
    try {
      yield require.resolve(`procward-${target}`)
    } catch {
      // It is not installed.
    }
  }
}

/**
 * Tells whether an ELF file ends before its table of sections, which linkers write last. Loading
 * such a file can end the process with SIGBUS, so its first 64 bytes are looked at before.
 * @param {Buffer} head
 * @param {number} size
 */
function isTruncated(head, size) {
  if (head.length < 64 || head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2) return false
  const sections = Number(head.readBigUInt64LE(40))
  return size < sections + head.readUInt16LE(58) * head.readUInt16LE(60)
}

/** @returns {import('./native-problem').Host} */
function host() {
  const { targetOf } = require('./native-problem')
  const { platform, arch, version } = process
  return {
    ...{ platform, arch, version, target: targetOf(platform, arch, glibc()) },
    override: config.nativeLibraryPath(),
    hasPermissions: /** @type {any} */ (process).permission !== undefined,
  }
}

/** The version of the glibc that runs here; none on musl and other systems. */
function glibc() {
  if (process.platform !== 'linux') return undefined
  const report = /** @type {any} */ (process.report)
  // Else the report looks up the names of all connected hosts.
  report.excludeNetwork = true
  return report.getReport().header.glibcVersionRuntime
}

/** @param {unknown} error */
function failure(error) {
  // Loaded only for an error.
  const { explain, problemText } = require('./native-problem')
  const here = host()
  const problem = explain(messages(error), here)
  return codedError('ERR_NATIVE_ADDON', problemText(problem, here), {
    ...{ reason: problem.reason, target: here.target, cause: error },
  })
}

/** The messages of an error and of its causes. @param {any} error */
function messages(error) {
  /** @type {string[]} */
  const found = []
  for (let at = error; at instanceof Error && found.length < MOST_CAUSES; at = at.cause)
    found.push(at.message)
  return found
}

module.exports = load()
