'use strict'

// An installed package and the program of it that Node.js would run.

const { pathOf } = require('../config/places')
const { isObject } = require('../../validate')

/** @typedef {import('./index').Places} Places */

/**
 * @typedef {object} Package
 * @property {string} folder
 * @property {string} name
 * @property {string} version
 * @property {Record<string, string>} programs - their files by their names
 */

/** @param {string} folder @param {Places} places @returns {Promise<Package | undefined>} */
async function packageIn(folder, places) {
  const manifest = await manifestIn(folder, places)
  if (typeof manifest?.name !== 'string' || typeof manifest.version !== 'string') return undefined
  return { folder, name: manifest.name, version: manifest.version, programs: programsOf(manifest) }
}

/**
 * @param {string} folder
 * @param {Places} places
 * @returns {Promise<Record<string, any> | undefined>}
 */
async function manifestIn(folder, places) {
  try {
    const text = await places.files.read(pathOf(places).join(folder, 'package.json'))
    const manifest = text === undefined ? undefined : JSON.parse(text)
    return isObject(manifest) ? manifest : undefined
  } catch {
    return undefined
  }
}

/** @param {Record<string, any>} manifest @returns {Record<string, string>} */
function programsOf({ name, bin }) {
  if (typeof bin === 'string') return { [unscoped(String(name))]: bin }
  if (!isObject(bin)) return {}
  return Object.fromEntries(Object.entries(bin).filter(([, file]) => typeof file === 'string'))
}

/** Returns the program that stands for its package, by npm's rule. @param {Package} installed */
function mainProgram({ name, programs }) {
  if (new Set(Object.values(programs)).size === 1) return Object.keys(programs)[0]
  return Object.hasOwn(programs, unscoped(name)) ? unscoped(name) : undefined
}

/**
 * Returns the arguments for Node.js that run a file by its first line; `undefined` when the line
 * does not name Node.js.
 * @param {string} file
 * @param {Places} places
 * @returns {Promise<string[] | undefined>}
 */
async function nodeArguments(file, places) {
  const { files } = places
  try {
    const real = await files.realpath(file)
    const [first] = (await files.start(real)).split(/\r?\n/, 1)
    const line = /^#!\s*(?:\S*\/env\s+(?:-S\s*)?)?(?:\S*\/)?node(?:\s+(.*?))?\s*$/.exec(first)
    if (line === null) return undefined
    const options = line[1]?.split(/\s+/) ?? []
    // A line with quotes or variables is left to npx.
    return options.every((option) => /^--?[\w-]+(=[\w./,:-]+)?$/.test(option))
      ? [...options, real]
      : undefined
  } catch {
    return undefined
  }
}

/** @param {string} name */
function unscoped(name) {
  return name.replace(/^@[^/]*\//, '')
}

module.exports = { mainProgram, manifestIn, nodeArguments, packageIn, programsOf }
