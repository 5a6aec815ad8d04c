'use strict'

// mcporter as a process of its own, one per command.

const path = require('node:path')
const config = require('../config')
const { timeLeft } = require('../deadline-timer')
const { packageFile } = require('../package-files')
const { callCommand, listCommand, serversCommand } = require('./command-line')
const exitCodes = require('./exit-codes')
const { named } = require('./failure')
const { files } = require('./files')
const { findMcporter } = require('./find')

/**
 * A keep-alive daemon would outlive the call, and mcporter sends a call again when one fails.
 * The others would keep mcporter from starting, or from exiting when it is done.
 */
const ENVIRONMENT = {
  MCPORTER_DISABLE_KEEPALIVE: '*',
  MCPORTER_KEEPALIVE: '',
  MCPORTER_DISABLE_AUTORUN: '',
  MCPORTER_NO_FORCE_EXIT: '',
}

/**
 * @typedef {import('./failure').Call} Call
 * @typedef {{ variables?: Record<string, string>, maxBuffer?: number, killGrace?: number }}
 *   OfServer
 * @typedef {{ bin?: string, configPath?: string, cwd: string, env: Record<string, string |
 *   undefined>, maxBuffer?: number, killGrace?: number, onStuck?: 'wait' | 'reject' }} Settings
 */

class Mcporter {
  #runner
  #settings
  #ofServer
  /** @type {import('./find').Mcporter | undefined} */
  #found

  /**
   * @param {import('../process/runner').Runner} runner
   * @param {Settings} settings
   * @param {(server: string) => OfServer} [ofServer] - what one server's calls need beyond the
   *   settings
   */
  constructor(runner, settings, ofServer = () => ({})) {
    this.#runner = runner
    this.#settings = settings
    this.#ofServer = ofServer
  }

  /**
   * Calls a tool.
   * @param {Call & { json: string }} call
   * @param {number} deadline
   * @param {{ raw?: boolean }} [options] - `raw` adds the tool's own answer to the output
   */
  call(call, deadline, { raw = false } = {}) {
    return this.#run(callCommand(call, this.#settings.configPath), call, deadline, raw)
  }

  /** Lists the tools of the call's server. @param {Call} call @param {number} deadline */
  list(call, deadline) {
    return this.#run(listCommand(call, this.#settings.configPath), call, deadline)
  }

  /**
   * Lists the servers of one source.
   * @param {Call} call
   * @param {number} deadline
   * @param {'local' | 'import'} source
   */
  servers(call, deadline, source) {
    return this.#run(serversCommand(source, this.#settings.configPath), call, deadline)
  }

  /**
   * Runs mcporter to its end, whatever that is; rejects when it can't be started or had to be
   * ended.
   * @param {string[]} args
   * @param {Call} call
   * @param {number} deadline
   * @param {boolean} [raw]
   * @returns {Promise<import('./output').Output>}
   */
  async #run(args, call, deadline, raw = false) {
    const { server, tool, signal, fence } = call
    const { cwd, env, onStuck } = this.#settings
    const { variables, ...own } = this.#ofServer(server)
    const { maxBuffer, killGrace } = { ...this.#settings, ...own }
    try {
      const { command, argv, input } = this.#start(args, raw)
      const fencing = fence === undefined ? {} : { PROCWARD_FENCE: String(fence) }
      const place = { cwd, env: { ...env, ...variables, ...ENVIRONMENT, ...fencing }, input }
      const limits = { timeout: timeLeft(deadline), signal, maxBuffer, killGrace, onStuck }
      return await this.#runner.run(command, argv, { server, tool, ...place, ...limits })
    } catch (error) {
      if (/** @type {any} */ (error).code === 'ERR_EXIT') return /** @type {any} */ (error)
      throw named(call, error)
    }
  }

  /**
   * @param {string[]} args
   * @param {boolean} raw
   * @returns {{ command: string, argv: string[], input?: string }}
   */
  #start(args, raw) {
    this.#found ??= findMcporter(placesOf(this.#settings))
    if ('command' in this.#found) return { command: this.#found.command, argv: args }
    return {
      command: process.execPath,
      argv: [packageFile('mcporter/launcher.mjs')],
      input: JSON.stringify({ ...this.#found, args, raw, exitCodes }),
    }
  }
}

/** @param {Settings} settings @returns {import('./find').Places} */
function placesOf({ bin, cwd, env }) {
  const variables = { ...config.childEnvironment(), ...env }
  const pathName = Object.keys(variables).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  const main = require.main?.filename ?? process.argv[1]
  // This package's own folder counts for a server that was started from elsewhere by another
  // script.
  const folders = [
    cwd,
    process.cwd(),
    ...(main === undefined ? [] : [path.dirname(main)]),
    __dirname,
  ]
  return {
    bin,
    cwd,
    folders,
    searchPath: variables[pathName] ?? '',
    platform: process.platform,
    files,
  }
}

module.exports = { Mcporter, placesOf }
