'use strict'

// The addon's messages that are about no request of ours: the requests of servers, their
// notifications, and the outputs that this thread need not read any more.

const { McpMessageKind, mcpAnswer } = require('../native')
const { parsed } = require('./answers')

const {
  StopReading: STOP_READING,
  ServerRequest: SERVER_REQUEST,
  RequestWithdrawn: REQUEST_WITHDRAWN,
  RequestUnneeded: REQUEST_UNNEEDED,
  Events: EVENTS,
} = McpMessageKind

/** @typedef {(server: string, taken: import('./notifications').Taken) => void} Notify */

class ServerMessages {
  #sessions
  #servers
  #notify
  /** The requests of servers. @type {import('./server-requests').ServerRequests | undefined} */
  #requests

  /**
   * @param {import('../../binding').McpSessions} sessions
   * @param {import('./defined-servers').DefinedServers} servers
   * @param {Notify} notify
   * @param {{ handlers?: import('./handlers').Handlers, callTimeout: number }} options
   */
  constructor(sessions, servers, notify, { handlers, callTimeout }) {
    this.#sessions = sessions
    this.#servers = servers
    this.#notify = notify
    if (handlers === undefined) return
    // Loaded on use, because most pools have no handlers.
    const { ServerRequests } = require('./server-requests')
    const { handle } = sessions
    this.#requests = new ServerRequests(handlers, callTimeout, (number, answer) =>
      mcpAnswer(handle, number, answer),
    )
  }

  /**
   * Takes a message. Returns `false` for one that is about a request of ours.
   * @param {number} number
   * @param {import('../../binding').McpMessageKind} kind
   * @param {string} text
   */
  take(number, kind, text) {
    if (kind === STOP_READING) this.#sessions.stopReading(number)
    else if (kind === SERVER_REQUEST) this.#requests?.take(number, text)
    else if (kind === REQUEST_WITHDRAWN) this.#requests?.withdraw(number)
    else if (kind === REQUEST_UNNEEDED) this.#requests?.stop(number)
    else if (kind === EVENTS) this.#passEvents(number)
    else return false
    return true
  }

  /** @param {number} server */
  #passEvents(server) {
    const text = this.#sessions.takeEvents(server)
    const name = this.#servers.nameOf(server)
    if (text !== null && text !== undefined && name !== undefined) this.#notify(name, parsed(text))
  }
}

module.exports = { ServerMessages }
