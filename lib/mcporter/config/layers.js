'use strict'

// Which of mcporter's own files are read: the one that the user names, or the one at home and the project's over it.

const { codedError } = require('../../errors')
const { expandHome, pathOf, variables } = require('./places')

/** @typedef {import('./places').Places} Places */

/**
 * @typedef {object} Layer
 * @property {string} path
 * @property {string | undefined} text - `undefined` when there is no such file
 */

/** The file that alone counts, as mcporter understands the user's word. @param {Places} places */
function namedFile(places) {
  const named = places.configPath ?? variables(places)('MCPORTER_CONFIG')
  return named ? pathOf(places).resolve(places.cwd, expandHome(named.trim(), places)) : undefined
}

/** @param {Places} places @returns {Promise<Layer[]>} */
async function readLayers(places) {
  const named = namedFile(places)
  if (named !== undefined) return [{ path: named, text: await read(named, places) }]
  const layers = []
  for (const path of homeFiles(places)) {
    const text = await read(path, places)
    if (text === undefined) continue
    layers.push({ path, text })
    break
  }
  const project = pathOf(places).resolve(places.cwd, 'config', 'mcporter.json')
  const text = await read(project, places)
  // Without any file the editors' still count.
  if (text !== undefined || layers.length === 0) layers.push({ path: project, text })
  return layers
}

/** @param {string} path @param {Places} places */
async function read(path, { files }) {
  try {
    return await files.read(path)
  } catch (error) {
    const { code, message } = /** @type {any} */ (error)
    throw invalidFile(path, `it can't be read: ${code ?? message}`)
  }
}

/** @param {string} path @param {string} problem */
function invalidFile(path, problem) {
  return codedError('ERR_INVALID_CONFIG', `mcporter's configuration file ${path}: ${problem}`, { file: path })
}

/** @param {Places} places */
function homeFiles(places) {
  const path = pathOf(places)
  const folders = [path.join(places.home, '.mcporter')]
  const xdg = mcporterFolder(places, 'XDG_CONFIG_HOME')
  if (xdg !== folders[0]) folders.unshift(xdg)
  return folders.flatMap((folder) => ['mcporter.json', 'mcporter.jsonc'].map((name) => path.join(folder, name)))
}

/** mcporter's folder for one kind of its files. @param {Pick<Places, 'env' | 'home' | 'platform'>} places @param {string} variable */
function mcporterFolder(places, variable) {
  const path = pathOf(places)
  const base = expandHome(variables(places)(variable)?.trim() ?? '', places)
  return path.isAbsolute(base) ? path.join(base, 'mcporter') : path.join(places.home, '.mcporter')
}

module.exports = { invalidFile, mcporterFolder, namedFile, readLayers }
