'use strict'

// Calls over native sessions: each call's promise, abort signal and progress. The pool behind it is native.

const { tellProcesses } = require('../diagnostics/processes')
const { abortError, throwLater } = require('../errors')
const { recordFailure, recordResult } = require('../metrics/record')
const native = require('../native')
const { inName } = require('../mcporter/failure')
const { callFailure } = require('./failure')
const { Waiting } = require('./waiting')

/** How native tells what a text is. */
const RESULT = 0
const PROGRESS = 1
const LEAVE = 3

/** The number of none. */
const NO_SERVER = 0

/** @type {(() => void) | undefined} */
const NONE = undefined

/** Bun has the functions of libuv in name only. */
const LENDS_LOOP = !('bun' in process.versions)

/**
 * @typedef {{ server: string, tool: string, timeout: number, signal?: AbortSignal, onProgress?: (progress: any) => void }} Call
 * @typedef {{ number: number, call: Call, startTime: number, started: number, resolve: (result: any) => void, reject: (error: Error) => void, unlisten?: () => void, began?: number }} Pending
 */

/** The native side wakes the event loop, but does not keep it alive; this does while anybody waits. */
const keeper = setInterval(() => {}, 2 ** 31 - 1).unref()
/** How many have calls under way. */
let working = 0

class Sessions {
  #native
  #handle
  /** @type {Waiting<Pending>} */
  #waiting = new Waiting()
  /** What native's function holds on to: these while somebody waits, when nobody else need. @type {{ sessions?: Sessions }} */
  #held = {}
  /** Native knows servers by numbers, which are cheaper to hand over than keys. @type {Map<string, number>} */
  #servers = new Map()
  #lastServer = NO_SERVER

  /** @param {{ maxSessions: number, maxStarting: number }} limits */
  constructor({ maxSessions, maxStarting }) {
    // Native holds on to the function, and so must the function not, for ever, to what holds on to native.
    const self = new WeakRef(this)
    const held = this.#held
    this.#native = new native.McpSessions(maxSessions, maxStarting, LENDS_LOOP, (number, kind, text) => {
      const sessions = held.sessions ?? self.deref()
      if (sessions) sessions.#settle(number, kind, text)
    })
    this.#handle = this.#native.handle
  }

  /** @param {string} key @param {import('../../binding').McpServer} server */
  define(key, server) {
    const number = this.#servers.get(key) ?? ++this.#lastServer
    this.#servers.set(key, number)
    this.#native.define(number, server)
  }

  /** @param {string} key */
  retire(key) {
    const number = this.#servers.get(key)
    if (number === undefined) return
    this.#servers.delete(key)
    this.#native.retire(number)
  }

  /**
   * The raw result of a tool. A call that began at `began` is recorded when it is over: here, because a promise beside it costs
   * more than all else of that.
   * @param {string} key @param {Call} call @param {string} json @param {number} timeout what is left of it @param {number} [began]
   * @returns {Promise<any>}
   */
  callTool(key, call, json, timeout, began) {
    const server = this.#servers.get(key) ?? NO_SERVER
    const start = (/** @type {number} */ number) =>
      native.mcpCallTool(this.#handle, number, server, call.tool, json, timeout, call.onProgress !== undefined)
    return this.#start(call, start, began)
  }

  /** All tools of a server, page after page within one deadline. @param {string} key @param {Call} call @param {number} timeLeft @returns {Promise<any[]>} */
  async listTools(key, call, timeLeft) {
    const server = this.#servers.get(key) ?? NO_SERVER
    const deadline = performance.now() + timeLeft
    const tools = []
    /** @type {string | undefined} */
    let cursor
    do {
      const timeout = Math.max(1, deadline - performance.now())
      const page = await this.#start(call, (number) => this.#native.listTools(number, server, cursor, timeout))
      if (Array.isArray(page.tools)) tools.push(...page.tools)
      cursor = typeof page.nextCursor === 'string' ? page.nextCursor : undefined
    } while (cursor !== undefined)
    return tools
  }

  /** The calls that a server is working on; without a pid where the server is no process of ours. */
  active() {
    const now = performance.now()
    return this.#native.active().flatMap(({ number, pid = null }) => {
      const pending = this.#waiting.get(number)
      if (pending === undefined) return []
      const { call, startTime, started } = pending
      return [{ pid, server: call.server, tool: call.tool, startTime, duration: Math.floor(now - started) }]
    })
  }

  status() {
    const sessions = this.#native.sessions().map(({ pid = null, idle = null, memory = null, ...session }) => {
      const { server, state, age, uses, inFlight, garbage } = session
      return { server, pid, state, age, idle, uses, inFlight, memory, garbage }
    })
    return { sessions, queued: this.#native.queued(), stats: JSON.parse(this.#native.stats()) }
  }

  /** @returns {Promise<void>} */
  drain() {
    return this.#native.drain()
  }

  /** @returns {Promise<void>} */
  close() {
    return this.#native.close()
  }

  /** @param {Call} call @param {(number: number) => void} start @param {number} [began] @returns {Promise<any>} */
  #start(call, start, began) {
    const { signal } = call
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(failed(call, abortError(signal), began))
      const startTime = Date.now()
      const started = performance.now()
      const pending = { number: 0, call, startTime, started, resolve, reject, unlisten: NONE, began }
      const number = this.#waiting.add(pending)
      if (signal) pending.unlisten = this.#abortOn(signal, number)
      if (this.#waiting.size === 1) this.#hold()
      start(number)
      tellProcesses()
    })
  }

  /** Gives a call up when the signal says so. @param {AbortSignal} signal @param {number} number */
  #abortOn(signal, number) {
    const abort = () => this.#native.abort(number)
    signal.addEventListener('abort', abort, { once: true })
    return () => signal.removeEventListener('abort', abort)
  }

  /** @param {number} number @param {number} kind @param {string} text */
  #settle(number, kind, text) {
    if (kind === LEAVE) return this.#native.leave(number)
    const pending = this.#waiting.get(number)
    if (pending === undefined) return
    if (kind === PROGRESS) return tellProgress(pending.call, text)
    this.#waiting.delete(number)
    if (this.#waiting.size === 0) this.#letGo()
    pending.unlisten?.()
    tellProcesses()
    const { call, began } = pending
    if (kind === RESULT) pending.resolve(answered(call, JSON.parse(text), began))
    else pending.reject(failed(call, callFailure(call, JSON.parse(text)), began))
  }

  /** Somebody waits for these. */
  #hold() {
    this.#held.sessions = this
    if (working++ === 0) keeper.ref()
  }

  /** Nobody does any more. */
  #letGo() {
    this.#held.sessions = undefined
    if (--working === 0) keeper.unref()
  }
}

/** @param {Call} call @param {any} result @param {number} [began] */
function answered(call, result, began) {
  if (began !== undefined) recordResult(call, result, began)
  return result
}

/** @param {Call} call @param {Error} error @param {number} [began] */
function failed(call, error, began) {
  if (began !== undefined) recordFailure(call, error, began)
  return inName(call, error)
}

/** A listener that throws is an uncaught exception, and no reason for the call to fail. @param {Call} call @param {string} text */
function tellProgress({ onProgress }, text) {
  const { progress, total, message } = JSON.parse(text)
  try {
    onProgress?.({ progress, total, message })
  } catch (error) {
    throwLater(error)
  }
}

module.exports = { Sessions }
