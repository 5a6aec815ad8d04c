'use strict'

// mcporter's command lines. Names never start with '-' here (arguments.js), so no value can be read as an option.

const MAX_TIME = 2 ** 31 - 1
/** mcporter's own time-outs come later than ours by this much: ours ends the whole tree and says so. */
const SLACK = 10_000

/** @param {{ server: string, tool: string, json: string, timeout: number }} call @param {string} [configPath] */
function callCommand({ server, tool, json, timeout }, configPath) {
  // Anywhere on its own, the word `help` asks mcporter for its manual.
  const which = tool === 'help' ? ['tool=help'] : ['--tool', tool]
  const what = ['--server', server, ...which, '--args', json]
  return ['call', ...config(configPath), ...what, '--output', 'json', '--timeout', later(timeout)]
}

/** @param {{ server: string, timeout: number }} call @param {string} [configPath] */
function listCommand({ server, timeout }, configPath) {
  return ['list', ...config(configPath), server, '--json', '--timeout', later(timeout)]
}

/** Reads the configuration only; `import` is for what comes from the editors' own files. @param {'local' | 'import'} source @param {string} [configPath] */
function serversCommand(source, configPath) {
  return ['config', ...config(configPath), 'list', '--json', '--source', source]
}

/** @param {string} [path] */
function config(path) {
  return path === undefined ? [] : ['--config', path]
}

/** @param {number} timeout */
function later(timeout) {
  return String(Math.min(timeout + SLACK, MAX_TIME))
}

module.exports = { callCommand, listCommand, serversCommand }
