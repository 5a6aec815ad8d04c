'use strict'

// mcporter as a process of its own, one per command.

const path = require('node:path')
const config = require('../config')
const { callCommand, listCommand, serversCommand } = require('./command-line')
const { named } = require('./failure')
const { files } = require('./files')
const { findMcporter } = require('./find')

const LAUNCHER = path.join(__dirname, 'launcher.mjs')

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
 * @typedef {{ bin?: string, configPath?: string, cwd: string, env: Record<string, string | undefined>, maxBuffer?: number, killGrace?: number, onStuck?: 'wait' | 'reject' }} Settings
 */

class Mcporter {
  #runner
  #settings
  /** @type {import('./find').Mcporter | undefined} */
  #found

  /** @param {import('../process/runner').Runner} runner @param {Settings} settings */
  constructor(runner, settings) {
    this.#runner = runner
    this.#settings = settings
  }

  /** @param {Call & { json: string }} call @param {{ raw?: boolean }} [options] - `raw` adds the tool's own answer to the output */
  call(call, { raw = false } = {}) {
    return this.#run(callCommand(call, this.#settings.configPath), call, raw)
  }

  /** Lists the tools of the call's server. @param {Call} call */
  list(call) {
    return this.#run(listCommand(call, this.#settings.configPath), call)
  }

  /** Lists the servers of one source. @param {Call} call @param {'local' | 'import'} source */
  servers(call, source) {
    return this.#run(serversCommand(source, this.#settings.configPath), call)
  }

  /**
   * Runs mcporter to its end, whatever that is; rejects when it can't be started or had to be ended.
   * @param {string[]} args @param {Call} call @param {boolean} [raw]
   * @returns {Promise<import('./output').Output>}
   */
  async #run(args, call, raw = false) {
    const { server, tool, timeout, signal } = call
    const { cwd, env, maxBuffer, killGrace, onStuck } = this.#settings
    try {
      const { command, argv, input } = this.#start(args, raw)
      const place = { cwd, env: { ...env, ...ENVIRONMENT }, input }
      const limits = { timeout, signal, maxBuffer, killGrace, onStuck }
      return await this.#runner.run(command, argv, { server, tool, ...place, ...limits })
    } catch (error) {
      if (/** @type {any} */ (error).code === 'ERR_EXIT') return /** @type {any} */ (error)
      throw named(call, error)
    }
  }

  /** @param {string[]} args @param {boolean} raw @returns {{ command: string, argv: string[], input?: string }} */
  #start(args, raw) {
    this.#found ??= findMcporter(placesOf(this.#settings))
    if ('command' in this.#found) return { command: this.#found.command, argv: args }
    return { command: process.execPath, argv: [LAUNCHER], input: JSON.stringify({ ...this.#found, args, raw }) }
  }
}

/** @param {Settings} settings @returns {import('./find').Places} */
function placesOf({ bin, cwd, env }) {
  const variables = { ...config.childEnvironment(), ...env }
  const pathName = Object.keys(variables).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  const main = require.main?.filename ?? process.argv[1]
  // This package's own folder counts for a server that was started from elsewhere by another script.
  const folders = [cwd, process.cwd(), ...(main === undefined ? [] : [path.dirname(main)]), __dirname]
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
