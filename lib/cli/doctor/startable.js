'use strict'

// Looks at files for what would keep a server's command from starting. Nothing is started.

const fs = require('node:fs')
const path = require('node:path')
const config = require('../../config')
const { variables } = require('../../mcporter/config/places')
const { plain } = require('../text')
const { place } = require('./check')

/** The folders that are searched without a `PATH`, as in src/process/program.rs. */
const DEFAULT_PATH = '/bin:/usr/bin'
const DEFAULT_EXTENSIONS = '.COM;.EXE;.BAT;.CMD'

/**
 * Returns the reason why a server cannot start, in words without private folders.
 * @param {{ command: string, cwd: string, env: Record<string, string | undefined> }} transport
 * @param {NodeJS.Platform} [platform]
 */
function startProblem({ command, cwd, env }, platform = process.platform) {
  const folder = stateOf(cwd)
  if (folder !== 'folder') return `its cwd is ${folder === 'none' ? 'not there' : 'no folder'}`
  const variable = variables({ env, platform })
  const files = filesOf(command, variable, platform).map((file) => path.resolve(cwd, file))
  const states = files.map(stateOf)
  if (states.includes('program')) return undefined
  const shown = plain(isPath(command, platform) ? place(files[0]) : command, 100)
  const other = states.find((state) => state !== 'none')
  if (other === 'file') return `its command ${shown} is not executable`
  if (isPath(command, platform))
    return other === 'folder'
      ? `its command ${shown} is a folder`
      : `there is no file ${shown}, its command`
  return `its command ${shown} is not in ${whosePath(variable('PATH'))}`
}

/**
 * Returns the files that a command may mean, relative to the server's folder.
 * @param {string} command
 * @param {(name: string) => string | undefined} variable
 * @param {NodeJS.Platform} platform
 */
function filesOf(command, variable, platform) {
  const isWindows = platform === 'win32'
  const extensions = isWindows ? (variable('PATHEXT') || DEFAULT_EXTENSIONS).split(';') : []
  const names = [command, ...extensions.map((extension) => command + extension)]
  if (isPath(command, platform)) return names
  const search = variable('PATH') ?? (isWindows ? '' : DEFAULT_PATH)
  const folders = search.split(isWindows ? ';' : ':')
  return folders.flatMap((folder) => names.map((name) => path.join(folder, name)))
}

/** @param {string} command @param {NodeJS.Platform} platform */
function isPath(command, platform) {
  return platform === 'win32' ? /[\\/]/.test(command) : command.includes('/')
}

/** @param {string} file @returns {'none' | 'folder' | 'file' | 'program'} */
function stateOf(file) {
  try {
    const found = fs.statSync(file)
    if (found.isDirectory()) return 'folder'
    if (!found.isFile()) return 'file'
  } catch {
    return 'none'
  }
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return 'program'
  } catch {
    return 'file'
  }
}

/** @param {string | undefined} search */
function whosePath(search) {
  const ours = variables({ env: config.childEnvironment(), platform: process.platform })('PATH')
  return search === ours ? 'PATH' : "the PATH of the entry's env"
}

module.exports = { startProblem }
