'use strict'

// Calls through a process of mcporter each: for servers that need something of mcporter's that no
// session here has.

const { diagnose } = require('./diagnosis')
const { codedError } = require('../errors')
const { about } = require('../mcp/failure')
const { callVerdict, listVerdict, rawResult } = require('./output')
const { StartingCalls } = require('./starting-calls')

/**
 * @typedef {import('./cli').Mcporter} Mcporter
 * @typedef {import('./failure').Call & { json: string }} Call
 */

class ProcessCalls {
  #mcporter
  #starting = new StartingCalls()

  /** @param {Mcporter} mcporter */
  constructor(mcporter) {
    this.#mcporter = mcporter
  }

  /**
   * Does the work of a call that goes through mcporter, which is listed from now on.
   * @template T
   * @param {import('./failure').Call} call
   * @param {() => Promise<T>} work
   */
  during(call, work) {
    return this.#starting.during(call, work)
  }

  /**
   * Returns the calls without a process, given the processes of the others.
   * @param {readonly import('../../index').ActiveProcess[]} processes
   */
  getStartingCalls(processes) {
    return this.#starting.without(processes)
  }

  /**
   * Calls a tool; returns mcporter's print of the answer.
   * @param {Call} call
   * @param {number} deadline
   * @returns {Promise<any>}
   */
  async call(call, deadline) {
    const output = await this.#mcporter.call(call, deadline)
    const verdict = callVerdict(output, call)
    if (verdict.kind === 'result') return verdict.value
    throw await diagnose(this.#mcporter, call, output, verdict, deadline)
  }

  /**
   * The tool's answer as the server gave it.
   * @param {Call} call
   * @param {number} deadline
   * @returns {Promise<any>}
   */
  async callRaw(call, deadline) {
    const output = await this.#mcporter.call(call, deadline, { raw: true })
    const raw = rawResult(output)
    if (raw !== undefined && raw.isError !== true) return raw
    const verdict =
      raw === undefined
        ? callVerdict(output, call)
        : { kind: /** @type {const} */ ('tool-error'), value: raw }
    if (verdict.kind !== 'result')
      throw await diagnose(this.#mcporter, call, output, verdict, deadline)
    throw codedError(
      'ERR_MCPORTER',
      `this mcporter (a binary?) does not show a tool's raw answer; use callToolAsync`,
    )
  }

  /**
   * mcporter's listing of a server.
   * @param {import('./failure').Call} call
   * @param {number} deadline
   */
  async list(call, deadline) {
    const output = await this.#mcporter.list(call, deadline)
    const verdict = listVerdict(output, call)
    if (verdict.kind === 'tools') return verdict
    throw await diagnose(this.#mcporter, call, output, verdict, deadline)
  }

  /**
   * Refuses a request besides calls of tools, because mcporter has no command for most of them.
   * @param {import('./failure').Call} call
   * @returns {Promise<never>}
   */
  async ask(call) {
    const words = 'only a session can make this request, and this server is called through mcporter'
    throw codedError('ERR_SERVER_UNAVAILABLE', about(call, words))
  }

  /** Refuses a subscription likewise. @param {import('./failure').Call} call */
  subscribe(call) {
    return this.ask(call)
  }
}

module.exports = { ProcessCalls }
