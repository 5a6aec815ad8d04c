'use strict'

// The command `procward`: parses the arguments, runs a command, and sets the exit code.

const config = require('../config')
const { parse } = require('./arguments')
const { EXIT } = require('./failure')
const { Output } = require('./output')

/**
 * Loaded one at a time: `status` needs no addon, and `doctor` is to say why there is none.
 * @type {Record<import('./arguments').Command, () => { run: Run }>}
 */
const COMMANDS = {
  status: () => require('./commands/status'),
  ps: () => require('./commands/ps'),
  logs: () => require('./commands/logs'),
  run: () => require('./commands/run'),
  kill: () => require('./commands/kill'),
  clean: () => require('./commands/clean'),
  top: () => require('./commands/top'),
  doctor: () => require('./commands/doctor'),
  metrics: () => require('./commands/metrics'),
  fleet: () => require('./commands/fleet'),
  init: () => require('./commands/init'),
  register: () => require('./commands/register'),
  help: () => require('./commands/help'),
}

/**
 * @typedef {(request: import('./arguments').Request, output: Output) => Promise<number>} Run
 *   - resolves with the exit code
 */

/** @param {string[]} args */
async function main(args) {
  process.on('SIGINT', () => process.exit(EXIT.interrupted))
  for (const stream of [process.stdout, process.stderr]) stream.on('error', leaveSilently)
  process.exitCode = await answer(args)
}

/** @param {string[]} args @returns {Promise<number>} */
async function answer(args) {
  const { stdout, stderr } = process
  const settings = { json: false, quiet: false, color: config.wantsColor(), stdout, stderr }
  let output = new Output(settings)
  try {
    const request = parse(args)
    output = new Output({ ...settings, json: request.json, quiet: request.quiet })
    const { command, help, version } = request
    if (help) return await COMMANDS.help().run({ ...request, topic: command }, output)
    if (version || command === undefined) return print(require('../../package.json').version)
    return await COMMANDS[command]().run(request, output)
  } catch (error) {
    const { code, message, lines, exitCode = EXIT.problem } = /** @type {any} */ (error)
    const line = String(message).replaceAll('\n', ' ')
    const hint =
      lines === undefined && code === 'ERR_USAGE' ? `${ended(line)} Try npx procward --help` : line
    output.error(hint, lines)
    return exitCode
  }
}

/** Returns a sentence with its end. @param {string} line */
function ended(line) {
  return line.endsWith('?') ? line : `${line}.`
}

/** @param {string} text */
function print(text) {
  process.stdout.write(`${text}\n`)
  return EXIT.ok
}

/**
 * Exits silently when the reader of a pipe has closed it, as `head` does.
 * @param {NodeJS.ErrnoException} error
 */
function leaveSilently(error) {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT.ok)
}

module.exports = { main }
