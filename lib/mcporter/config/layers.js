'use strict'

// mcporter's own files: the one that the user names, or the one at home with the project's over it.

const { codedError } = require('../../errors')
const { isOutOfReach, readProblem } = require('./files')
const { expandHome, pathOf, variables } = require('./places')

/** @typedef {import('./places').Places} Places */

/**
 * @typedef {object} Layer
 * @property {string} path
 * @property {string} [text] - none when there is no such file, or it can't be read
 * @property {string} [problem] - why it can't be read
 */

/** The file that alone counts, as mcporter understands the user's word. @param {Places} places */
function namedFile(places) {
  const named = places.configPath ?? variables(places)('MCPORTER_CONFIG')
  return named ? pathOf(places).resolve(places.cwd, expandHome(named.trim(), places)) : undefined
}

/** @param {Places} places @returns {Promise<Layer[]>} */
async function readLayers(places) {
  const named = namedFile(places)
  if (named !== undefined) return [await readNamed(named, places)]
  const layers = []
  for (const path of homeFiles(places)) {
    const layer = await read(path, places)
    if (!isThere(layer)) continue
    layers.push(layer)
    break
  }
  const project = await read(projectFile(places), places)
  // A project without a file still imports from the editors' files.
  if (isThere(project) || layers.length === 0) layers.push(project)
  return layers
}

/** @param {Places} places */
function projectFile(places) {
  return pathOf(places).resolve(places.cwd, 'config', 'mcporter.json')
}

/**
 * Returns the project's file if it is not there, and the user has named no other file.
 * @param {Layer[]} layers
 * @param {Places} places
 */
function missingFile(layers, places) {
  const project = projectFile(places)
  if (namedFile(places) !== undefined) return undefined
  return layers.some((layer) => layer.path === project && isThere(layer)) ? undefined : project
}

/** @param {Layer} layer */
function isThere({ text, problem }) {
  return text !== undefined || problem !== undefined
}

/** @param {string} path @param {Places} places @returns {Promise<Layer>} */
async function readNamed(path, { files }) {
  try {
    const text = await files.read(path)
    return text === undefined ? { path, problem: 'there is no such file' } : { path, text }
  } catch (error) {
    return { path, problem: readProblem(error) }
  }
}

/** @param {string} path @param {Places} places @returns {Promise<Layer>} */
async function read(path, { files }) {
  try {
    return { path, text: await files.read(path) }
  } catch (error) {
    // mcporter takes what it can't find for absent, say below a home that may not be entered.
    return isOutOfReach(error) ? { path } : { path, problem: readProblem(error) }
  }
}

/**
 * @param {string} path
 * @param {string} problem
 * @returns {Error & { code: string, file: string }}
 */
function invalidFile(path, problem) {
  const error = codedError(
    'ERR_INVALID_CONFIG',
    `mcporter's configuration file ${path}: ${problem}`,
  )
  return Object.assign(error, { file: path })
}

/** @param {Places} places */
function homeFiles(places) {
  const path = pathOf(places)
  const folders = [path.join(places.home, '.mcporter')]
  const xdg = mcporterFolder(places, 'XDG_CONFIG_HOME')
  if (xdg !== folders[0]) folders.unshift(xdg)
  return folders.flatMap((folder) =>
    ['mcporter.json', 'mcporter.jsonc'].map((name) => path.join(folder, name)),
  )
}

/**
 * Returns mcporter's folder for one kind of its files.
 * @param {Pick<Places, 'env' | 'home' | 'platform'>} places
 * @param {string} variable
 */
function mcporterFolder(places, variable) {
  const path = pathOf(places)
  const base = expandHome(variables(places)(variable)?.trim() ?? '', places)
  return path.isAbsolute(base) ? path.join(base, 'mcporter') : path.join(places.home, '.mcporter')
}

module.exports = { homeFiles, invalidFile, mcporterFolder, missingFile, namedFile, readLayers }
