'use strict'

// Finds mcporter: the option or MCPORTER_BIN, else a dependency of the host app, else PATH.

const nodePath = require('node:path')
const { codedError } = require('../errors')

/**
 * A JavaScript mcporter (with the file of its library, if there is one) runs in the Node.js of this
 * server; anything else (a compiled binary, a shell script) runs as a command.
 * @typedef {{ script: string, library?: string } | { command: string }} Mcporter
 *
 * @typedef {object} Files
 * @property {(path: string) => boolean} isFile
 * @property {(path: string) => string} realpath
 * @property {(path: string) => string} read - the file's text; of a large file, its start is enough
 *
 * @typedef {object} Places
 * @property {string} [bin] - what the user says it is: a path or a command's name
 * @property {string} cwd - what a relative `bin` is relative to
 * @property {string[]} folders
 *   - folders of the host app, to look in and above for `node_modules/mcporter`
 * @property {string} searchPath - the value of PATH
 * @property {NodeJS.Platform} platform
 * @property {Files} files
 */

/** @param {Places} places @returns {Mcporter} */
function findMcporter(places) {
  const found =
    places.bin === undefined
      ? (dependency(places) ?? onPath('mcporter', places))
      : chosen(places.bin, places)
  if (found !== undefined) return found
  const where =
    places.bin === undefined
      ? 'it is neither in a node_modules folder of this app ' +
        '(from its working folder and its main script upwards) nor on PATH'
      : `there is no ${JSON.stringify(places.bin)}, named by MCPORTER_BIN or the option mcporterBin`
  throw codedError(
    'ERR_MCPORTER_NOT_FOUND',
    `mcporter was not found: ${where}. ` +
      'Install it with `npm install mcporter`, or set MCPORTER_BIN to its path',
  )
}

/** @param {string} bin @param {Places} places */
function chosen(bin, places) {
  const path = pathOf(places)
  if (!/[\\/]/.test(bin)) return onPath(bin, places)
  return firstLaunchable(path.resolve(places.cwd, bin), places)
}

/** @param {Places} places */
function dependency(places) {
  const path = pathOf(places)
  for (const start of places.folders) {
    for (let folder = start; ; folder = path.dirname(folder)) {
      const found = packageIn(path.join(folder, 'node_modules', 'mcporter'), places)
      if (found !== undefined) return found
      if (path.dirname(folder) === folder) break
    }
  }
}

/** @param {string} name @param {Places} places */
function onPath(name, places) {
  const path = pathOf(places)
  for (const folder of places.searchPath.split(path.delimiter)) {
    if (folder === '') continue
    const found = firstLaunchable(path.join(folder, name), places)
    if (found !== undefined) return found
  }
}

/** @param {string} file @param {Places} places @returns {Mcporter | undefined} */
function firstLaunchable(file, places) {
  // On Windows npm writes a shell script of the plain name beside the `.cmd`; only a full file name
  // means that one.
  const windows = places.platform === 'win32' && !/\.[a-z]+$/i.test(file)
  const names = windows ? [`${file}.exe`, `${file}.cmd`, `${file}.bat`] : [file]
  const name = names.find((candidate) => places.files.isFile(candidate))
  return name === undefined ? undefined : launchable(name, places)
}

/** @param {string} file @param {Places} places @returns {Mcporter} */
function launchable(file, places) {
  const path = pathOf(places)
  const target = places.files.realpath(file)
  if (isScript(target, places)) return withLibrary(target, places)
  // The launch scripts of npm (Windows) and pnpm stand beside the node_modules folder, or in its
  // `.bin`.
  const folder = path.dirname(file)
  return (
    packageIn(path.join(folder, 'node_modules', 'mcporter'), places) ??
    packageIn(path.join(folder, '..', 'mcporter'), places) ?? { command: file }
  )
}

/** @param {string} file @param {Places} places */
function isScript(file, { files }) {
  return /\.[cm]?js$/i.test(file) || /^#!.*\bnode\b/.test(files.read(file).slice(0, 200))
}

/** @param {string} folder @param {Places} places @returns {Mcporter | undefined} */
function packageIn(folder, places) {
  const manifest = manifestOf(folder, places)
  const bin = typeof manifest?.bin === 'string' ? manifest.bin : manifest?.bin?.mcporter
  if (typeof bin !== 'string') return undefined
  const file = pathOf(places).join(folder, bin)
  return places.files.isFile(file) ? withLibrary(places.files.realpath(file), places) : undefined
}

/** @param {string} script @param {Places} places @returns {Mcporter} */
function withLibrary(script, places) {
  const path = pathOf(places)
  for (
    let folder = path.dirname(script);
    folder !== path.dirname(folder);
    folder = path.dirname(folder)
  ) {
    const manifest = manifestOf(folder, places)
    if (manifest === undefined) continue
    const main = manifest.exports?.['.']?.import ?? manifest.main
    const library = typeof main === 'string' ? path.join(folder, main) : undefined
    return library !== undefined && places.files.isFile(library) ? { script, library } : { script }
  }
  return { script }
}

/**
 * The package.json of mcporter in that folder.
 * @param {string} folder
 * @param {Places} places
 * @returns {Record<string, any> | undefined}
 */
function manifestOf(folder, places) {
  const file = pathOf(places).join(folder, 'package.json')
  if (!places.files.isFile(file)) return undefined
  try {
    const manifest = JSON.parse(places.files.read(file))
    return manifest?.name === 'mcporter' ? manifest : undefined
  } catch {
    return undefined
  }
}

/** @param {Places} places */
function pathOf({ platform }) {
  return platform === 'win32' ? nodePath.win32 : nodePath.posix
}

module.exports = { findMcporter }
