'use strict'

// `envFile`, as VS Code and Cursor know it: variables for a server's process, over those of this
// process and below the entry's own `env`. mcporter does not read it, so a process of mcporter is
// given the variables to pass on.

const { readProblem } = require('./files')
const { withoutMark } = require('./parse')
const { expand } = require('./placeholders')
const { expandHome, pathOf, variables } = require('./places')
const { UnusableEntry } = require('./schema')

/** @typedef {import('./places').Places} Places */

/** Folders of a project that its configuration lies in; so do those that begin with a dot. */
const CONFIG_FOLDERS = ['config']
/** Read by mcporter itself, or saying where its files are. */
const OF_MCPORTER = /^(MCPORTER_|XDG_|HOME$|USERPROFILE$)/i

/**
 * The variables in an entry's `envFile`; none without one.
 * @param {import('./schema').Entry} entry
 * @param {import('./definition').Source} source
 * @param {Places} places
 * @returns {Promise<Record<string, string> | undefined>}
 * @throws {UnusableEntry} when the file can't be read
 */
async function envFileVariables({ envFile }, source, places) {
  if (envFile === undefined || envFile === null || envFile === '') return undefined
  if (typeof envFile !== 'string') throw new UnusableEntry('envFile must be a string')
  const file = envFilePath(envFile, source.path, places)
  if (file.includes('\0')) throw new UnusableEntry('envFile must not have a null byte')
  const text = await read(file, places)
  const { parse } = require('dotenv')
  // The other way of dotenv takes quadratic time.
  return parse(withoutMark(text), /** @type {any} */ ({ fast: true }))
}

/** @param {string} file @param {Places} places */
async function read(file, { files }) {
  let text
  try {
    text = await files.read(file)
  } catch (error) {
    throw new UnusableEntry(`envFile ${file}: ${readProblem(error)}`)
  }
  if (text === undefined) throw new UnusableEntry(`envFile ${file}: there is no such file`)
  return text
}

/** @param {string} envFile @param {string} configFile @param {Places} places */
function envFilePath(envFile, configFile, places) {
  const project = projectOf(configFile, places)
  const variable = variables(places)
  const known = envFile.replace(
    /\$\{(workspaceFolder|workspaceRoot|userHome|env:(\w+))\}/g,
    (all, name, own) => {
      if (name === 'userHome') return places.home
      return own === undefined ? project : (variable(own) ?? all)
    },
  )
  return pathOf(places).resolve(project, expandHome(expand(known, variable), places))
}

/** The folder that a configuration file is about. @param {string} file @param {Places} places */
function projectOf(file, places) {
  const { basename, dirname } = pathOf(places)
  const folder = dirname(file)
  const name = basename(folder)
  return CONFIG_FOLDERS.includes(name) || name.startsWith('.') ? dirname(folder) : folder
}

/**
 * Picks the variables that a process of mcporter can pass on to its server.
 * @param {Record<string, string>} variables
 */
function passedOn(variables) {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !OF_MCPORTER.test(name)))
}

module.exports = { envFilePath, envFileVariables, passedOn, projectOf }
