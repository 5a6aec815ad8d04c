'use strict'

// mcporter's command lines, and the names that no such line can carry.

const { codedError } = require('../errors')

/** mcporter takes such a server name for an address and connects to it. */
const ADDRESS = /^(https?:\/\/|[a-z\d][a-z\d.-]*(:\d+)?\/)/i
const MAX_SHOWN = 100
const MAX_TIME = 2 ** 31 - 1
/**
 * mcporter's own time-outs come later than ours by this much: ours ends the whole tree and says so.
 */
const SLACK = 10_000

/**
 * @param {{ server: string, tool: string, json: string, timeout: number }} call
 * @param {string} [configPath]
 */
function callCommand({ server, tool, json, timeout }, configPath) {
  refuse('server', server, serverProblem(server))
  refuse('tool', tool, toolProblem(tool))
  // Anywhere on its own, the word `help` asks mcporter for its manual.
  const which = tool === 'help' ? ['tool=help'] : ['--tool', tool]
  const what = ['--server', server, ...which, '--args', json]
  return ['call', ...config(configPath), ...what, '--output', 'json', '--timeout', later(timeout)]
}

/** @param {{ server: string, timeout: number }} call @param {string} [configPath] */
function listCommand({ server, timeout }, configPath) {
  refuse('server', server, serverProblem(server))
  return ['list', ...config(configPath), server, '--json', '--timeout', later(timeout)]
}

/**
 * Reads the configuration only; `import` is for what comes from the editors' own files.
 * @param {'local' | 'import'} source
 * @param {string} [configPath]
 */
function serversCommand(source, configPath) {
  return ['config', ...config(configPath), 'list', '--json', '--source', source]
}

/**
 * Says what else mcporter would do with a server's name than look it up in its configuration.
 * @param {string} name
 */
function serverProblem(name) {
  // Elsewhere a single dash is no option, though this one is asked for anywhere.
  if (name.startsWith('--') || name === '-h') return 'takes it for an option'
  if (name === 'help') return 'prints its help for that word'
  if (name !== name.trim()) return 'leaves out the white space around it'
  if (ADDRESS.test(name)) return 'takes it for an address'
  if (/\s/.test(name) && isCommand(name)) return 'takes it for a command to run'
  return undefined
}

/** @param {string} name */
function isCommand(name) {
  const [program] = name.replace(/["'\\]/g, '').split(/\s/, 1)
  return program.split('/').at(-1) === 'npx'
}

/** @param {string} name */
function toolProblem(name) {
  return name.startsWith('-') ? 'takes it for an option' : undefined
}

/** @param {'server' | 'tool'} what @param {string} name @param {string | undefined} problem */
function refuse(what, name, problem) {
  if (problem === undefined) return
  const shown = JSON.stringify(name.slice(0, MAX_SHOWN))
  const call = `mcporter's command line can't call ${what} ${shown}`
  throw codedError('ERR_INVALID_ARG_VALUE', `${call}: it ${problem}; a session can`)
}

/** @param {string} [path] */
function config(path) {
  return path === undefined ? [] : ['--config', path]
}

/** @param {number} timeout */
function later(timeout) {
  return String(Math.min(timeout + SLACK, MAX_TIME))
}

module.exports = { callCommand, listCommand, serverProblem, serversCommand }
