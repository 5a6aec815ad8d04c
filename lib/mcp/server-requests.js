'use strict'

// The requests that servers of 2025 send during a session, answered by the host's handlers.

const { warnOnce } = require('./warnings')

/** JSON-RPC's code of an internal error, and of a method that there is none for. */
const INTERNAL = -32603
const NO_METHOD = -32601

class ServerRequests {
  #handlers
  #timeout
  #answer
  /** The requests that wait for a handler, by number. @type {Map<number, AbortController>} */
  #waiting = new Map()

  /**
   * @param {import('./handlers').Handlers} handlers
   * @param {number} timeout - of each handler, in ms
   * @param {(number: number, answer: string) => void} answer
   */
  constructor(handlers, timeout, answer) {
    this.#handlers = handlers
    this.#timeout = timeout
    this.#answer = answer
  }

  /**
   * Answers a request when its handler has settled, and no later than its timeout.
   * @param {number} number
   * @param {string} text - JSON with `server`, `method` and `params`
   */
  async take(number, text) {
    const { server, method, params } = JSON.parse(text)
    const { kind, isGiven } = this.#handlers.wanted(method, params)
    if (!isGiven)
      return this.#answer(number, refusal(NO_METHOD, `the client has no handler for ${method}`))
    const stop = new AbortController()
    this.#waiting.set(number, stop)
    const timer = this.#stopLater(number, kind, stop)
    try {
      const context = { server, signal: stop.signal }
      const result = await this.#handlers.call(method, params ?? {}, context)
      this.#settle(number, stop, `"result":${JSON.stringify(result)}`)
    } catch (error) {
      this.#settle(number, stop, this.#explain(server, kind, error))
    } finally {
      clearTimeout(timer)
    }
  }

  /** Tells the handler that no answer is wanted any more. @param {number} number */
  withdraw(number) {
    const stop = this.#waiting.get(number)
    this.#waiting.delete(number)
    stop?.abort()
  }

  /**
   * Tells the handler that the calls of its request were given up. The server still gets an answer,
   * because it may have asked for another reason.
   * @param {number} number
   */
  stop(number) {
    this.#waiting.get(number)?.abort()
  }

  /** @param {number} number @param {string | undefined} kind @param {AbortController} stop */
  #stopLater(number, kind, stop) {
    if (this.#timeout === Infinity) return undefined
    return setTimeout(() => {
      this.#settle(number, stop, refusal(INTERNAL, `the client's ${kind} handler took too long`))
      stop.abort()
    }, this.#timeout).unref()
  }

  /**
   * Sends an answer, unless the request has one or wants none any more.
   * @param {number} number
   * @param {AbortController} stop
   * @param {string} answer
   */
  #settle(number, stop, answer) {
    if (this.#waiting.get(number) !== stop) return
    this.#waiting.delete(number)
    this.#answer(number, answer)
  }

  /**
   * Returns the refusal after a failure. The server gets the words of an error only if the handler
   * chose a code for it, because other words are the host's own.
   * @param {string} server
   * @param {string | undefined} kind
   * @param {any} error
   */
  #explain(server, kind, error) {
    const { rpcCode, message } = error.cause ?? {}
    if (Number.isInteger(rpcCode)) return refusal(rpcCode, String(message))
    warnOnce(this, `${kind}`, 'PROCWARD_HANDLER', `MCP server '${server}': ${error.message}`)
    return refusal(INTERNAL, `the client's ${kind} handler failed`)
  }
}

/** @param {number} code @param {string} message */
function refusal(code, message) {
  return `"error":${JSON.stringify({ code, message })}`
}

module.exports = { ServerRequests }
