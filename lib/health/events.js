'use strict'

// Sends snapshots as server-sent events. One timer serves all clients and stops without clients.

const { withoutMessages } = require('./snapshot')

/** Ms between two snapshots. */
const INTERVAL = 1000
/** Ms after which a client reconnects. */
const RETRY = 2000
const MAX_CLIENTS = 20
/** Maximum unsent bytes of a client: some hundred snapshots. */
const MAX_BACKLOG = 1024 * 1024
/** Snapshots between two comments, by which a proxy sees that the connection is alive. */
const HEARTBEAT = 15

/**
 * @typedef {import('node:http').ServerResponse} Response
 * @typedef {{ text: (seesMessages: boolean) => string, isLast: boolean }} Event
 */

class EventStream {
  #snapshot
  /** Clients, and whether they may see messages of servers. @type {Map<Response, boolean>} */
  #clients = new Map()
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  #ticks = 0

  /** @param {() => import('./snapshot').Snapshot} snapshot */
  constructor(snapshot) {
    this.#snapshot = snapshot
  }

  get isFull() {
    return this.#clients.size >= MAX_CLIENTS
  }

  /** @param {Response} res @param {boolean} seesMessages */
  add(res, seesMessages) {
    const first = this.#event()
    // Close the connection with the stream, because an idle connection delays a server that closes.
    res.shouldKeepAlive = false
    res.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      // Keep compressing middleware and nginx from buffering events.
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
      'X-Content-Type-Options': 'nosniff',
    })
    res.write(`retry: ${RETRY}\n\n${first.text(seesMessages)}`)
    if (first.isLast || !isListening(res)) return void res.end()
    this.#clients.set(res, seesMessages)
    res.once('close', () => this.#remove(res))
    // Unref the timer, because connections keep a server alive, not the timer.
    this.#timer ??= setInterval(() => this.#tick(), INTERVAL).unref()
  }

  #tick() {
    const { text, isLast } = this.#eventOrComment()
    const heartbeat = ++this.#ticks % HEARTBEAT === 0 ? ': heartbeat\n\n' : ''
    for (const [res, seesMessages] of this.#clients) {
      if (res.writableLength > MAX_BACKLOG) res.destroy()
      else if (isLast || !isListening(res)) res.end(text(seesMessages))
      else res.write(text(seesMessages) + heartbeat)
    }
  }

  /**
   * Returns the next snapshot. It is the last one when the server is shut down and nothing runs.
   * @returns {Event}
   */
  #event() {
    const snapshot = this.#snapshot()
    const isLast = snapshot.draining && snapshot.health.activeProcesses.processes.length === 0
    /** The two texts, each written once for all clients. @type {Map<boolean, string>} */
    const texts = new Map()
    const text = (/** @type {boolean} */ seesMessages) => {
      const known = texts.get(seesMessages)
      if (known !== undefined) return known
      const data = JSON.stringify(seesMessages ? snapshot : withoutMessages(snapshot))
      const written = `id: ${snapshot.time}\nevent: snapshot\ndata: ${data}\n\n`
      texts.set(seesMessages, written)
      return written
    }
    return { text, isLast }
  }

  /** Returns the next snapshot, or a comment if the user's own helper throws. @returns {Event} */
  #eventOrComment() {
    try {
      return this.#event()
    } catch {
      return { text: () => ': no snapshot\n\n', isLast: false }
    }
  }

  /** @param {Response} res */
  #remove(res) {
    this.#clients.delete(res)
    if (this.#clients.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

/**
 * Returns `false` once the server closes, because a closing server waits for its open streams.
 * @param {Response} res
 */
function isListening(res) {
  const { server } = /** @type {{ server?: import('node:net').Server }} */ (res.socket ?? {})
  return server?.listening ?? true
}

module.exports = { EventStream }
