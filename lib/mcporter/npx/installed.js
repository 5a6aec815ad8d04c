'use strict'

// Finds a package in npx's order: the project, the global folder, npx's cache.

const { createHash } = require('node:crypto')
const { pathOf, variables } = require('../config/places')
const { manifestIn, packageIn, programsOf } = require('./package')
const { isExact, isTag, satisfies } = require('./versions')

/**
 * @typedef {import('./index').Places} Places
 * @typedef {import('./request').Request} Request
 * @typedef {import('./package').Package} Package
 *
 * @typedef {object} Installed
 * @property {Package} found
 * @property {string} [program] - which of its programs; `undefined` for what the request says
 * @property {string} [first] - the folder that npx puts first in PATH
 */

/**
 * @param {Request} request
 * @param {string} cwd
 * @param {Places} places
 * @returns {Promise<Installed | undefined>}
 */
async function installed(request, cwd, places) {
  const path = pathOf(places)
  const { name, version, command } = request
  const project = await projectOf(cwd, places)
  if (command === undefined) {
    const own = programsOf((await manifestIn(project, places)) ?? {})
    if (Object.hasOwn(own, request.wanted)) return undefined
    const named = await programsFolder(request, project, places)
    if (named !== undefined) return ofProgram(request.wanted, named, places)
  }
  /** @type {[modules: string, first: string | undefined][]} */
  const trees = [[path.join(project, 'node_modules'), undefined]]
  if (command === undefined) trees.push([globalModules(places), globalPrograms(places)])
  for (const [modules, first] of trees) {
    const found = await packageIn(path.join(modules, name), places)
    // npx would look a tag up in the registry, and then perhaps take this one.
    if (found !== undefined && isTag(version)) return undefined
    if (found !== undefined && satisfies(found.version, version)) return { found, first }
  }
  return (await cached(request, places)) ?? (await hosts(request, places))
}

/**
 * Finds a folder with a program of the requested name, which npx prefers to packages: a `.bin`
 * folder from the project upwards, or the global one.
 * @param {Request} request
 * @param {string} project
 * @param {Places} places
 */
async function programsFolder({ wanted, name, version }, project, places) {
  if (version !== '' || name.includes('/')) return undefined
  const { join } = pathOf(places)
  const local = upwards(project, places).map((folder) => join(folder, 'node_modules', '.bin'))
  for (const folder of [...local, globalPrograms(places)]) {
    if (await places.files.isFile(join(folder, wanted))) return folder
  }
  return undefined
}

/**
 * Returns the package that has the program's name.
 * @param {string} program
 * @param {string} folder
 * @param {Places} places
 * @returns {Promise<Installed | undefined>}
 */
async function ofProgram(program, folder, places) {
  const { dirname, join } = pathOf(places)
  const modules = folder === globalPrograms(places) ? globalModules(places) : dirname(folder)
  const found = await packageIn(join(modules, program), places)
  return found && { found, program, first: folder }
}

/**
 * Finds an exact version among the host app's own packages.
 * @param {Request} request
 * @param {Places} places
 */
async function hosts({ name, version }, places) {
  if (!isExact(version)) return undefined
  const path = pathOf(places)
  for (const folder of places.folders.flatMap((each) => upwards(each, places))) {
    const found = await packageIn(path.join(folder, 'node_modules', name), places)
    if (found?.version === version)
      return { found, first: path.join(folder, 'node_modules', '.bin') }
  }
  return undefined
}

/**
 * Finds the package that npx installed for the same request. Unless the request names a version,
 * npx asks the registry each time for a newer one. npx's lock file leaves the time of that look on
 * the folder.
 * @param {Request} request
 * @param {Places} places
 */
async function cached({ wanted, name, version }, places) {
  const path = pathOf(places)
  const hash = createHash('sha512').update(wanted).digest('hex').slice(0, 16)
  const folder = path.join(npmCache(places), '_npx', hash)
  const found = await packageIn(path.join(folder, 'node_modules', name), places)
  if (found === undefined) return undefined
  const looked = (await places.files.modified(folder)) ?? -Infinity
  const isCurrent = isExact(version)
    ? found.version === version
    : looked > places.now - places.maxAge
  if (!isCurrent || !(isTag(version) || satisfies(found.version, version))) return undefined
  return { found, first: path.join(folder, 'node_modules', '.bin') }
}

/**
 * Returns npm's local prefix: the folder of the project, or of the workspaces that it belongs to.
 * @param {string} cwd
 * @param {Places} places
 */
async function projectOf(cwd, places) {
  const path = pathOf(places)
  /** @type {string | undefined} */
  let project
  for (const folder of upwards(cwd, places)) {
    const manifest = await manifestIn(folder, places)
    if (project === undefined) {
      const modules = await places.files.modified(path.join(folder, 'node_modules'))
      if (manifest !== undefined || modules !== undefined) project = folder
    } else if (manifest?.workspaces !== undefined) {
      return folder
    }
  }
  return project ?? cwd
}

/** @param {string} start @param {Places} places */
function upwards(start, places) {
  const { dirname } = pathOf(places)
  const folders = [start]
  while (dirname(folders[folders.length - 1]) !== folders[folders.length - 1]) {
    folders.push(dirname(folders[folders.length - 1]))
  }
  return folders
}

/** @param {Places} places */
function globalPrefix(places) {
  const { dirname } = pathOf(places)
  const { platform, node } = places
  return (
    npmSetting('prefix', places) ?? (platform === 'win32' ? dirname(node) : dirname(dirname(node)))
  )
}

/** @param {Places} places */
function globalModules(places) {
  const { join } = pathOf(places)
  return join(globalPrefix(places), ...(places.platform === 'win32' ? [] : ['lib']), 'node_modules')
}

/** @param {Places} places */
function globalPrograms(places) {
  return places.platform === 'win32'
    ? globalPrefix(places)
    : pathOf(places).join(globalPrefix(places), 'bin')
}

/** @param {Places} places */
function npmCache(places) {
  const { join } = pathOf(places)
  const base =
    places.platform === 'win32' ? (variables(places)('LOCALAPPDATA') ?? places.home) : places.home
  return (
    npmSetting('cache', places) ?? join(base, places.platform === 'win32' ? 'npm-cache' : '.npm')
  )
}

/**
 * Returns a setting of npm, which reads variables in any case.
 * @param {string} name
 * @param {Places} places
 */
function npmSetting(name, { env }) {
  const entry = Object.entries(env).find(
    ([key, value]) => key.toLowerCase() === `npm_config_${name}` && value,
  )
  return entry?.[1]
}

module.exports = { installed, upwards }
