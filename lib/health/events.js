'use strict'

// Snapshots as server-sent events: one ticker for all clients, and none without clients.

/** Ms between two snapshots. */
const INTERVAL = 1000
/** Ms after which a client that lost its connection comes back. */
const RETRY = 2000
const MAX_CLIENTS = 20
/** Bytes that a client may be behind: some hundred snapshots. */
const MAX_BACKLOG = 1024 * 1024
/**
 * Snapshots between two comments: whatever becomes of the events, a proxy sees that the connection
 * lives.
 */
const HEARTBEAT = 15

/** @typedef {import('node:http').ServerResponse} Response */

class EventStream {
  #snapshot
  /** @type {Set<Response>} */
  #clients = new Set()
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

  /** @param {Response} res */
  add(res) {
    const first = this.#event()
    // The connection goes with the stream: kept alive, it would hold up a server that closes.
    res.shouldKeepAlive = false
    res.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      // For compressing middleware and for nginx, which would both hold events back.
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
      'X-Content-Type-Options': 'nosniff',
    })
    res.write(`retry: ${RETRY}\n\n${first.text}`)
    if (first.isLast || !isListening(res)) return void res.end()
    this.#clients.add(res)
    res.once('close', () => this.#remove(res))
    // Unref'd: it is the connections that keep a server alive, not the ticker.
    this.#timer ??= setInterval(() => this.#tick(), INTERVAL).unref()
  }

  #tick() {
    const { text, isLast } = this.#eventOrComment()
    const heartbeat = ++this.#ticks % HEARTBEAT === 0 ? ': heartbeat\n\n' : ''
    for (const res of this.#clients) {
      if (res.writableLength > MAX_BACKLOG) res.destroy()
      else if (isLast || !isListening(res)) res.end(text)
      else res.write(text + heartbeat)
    }
  }

  /** The next snapshot; the last one when the server has shut down and nothing runs any more. */
  #event() {
    const snapshot = this.#snapshot()
    const isLast = snapshot.draining && snapshot.health.activeProcesses.count === 0
    return {
      text: `id: ${snapshot.time}\nevent: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`,
      isLast,
    }
  }

  /** The helper may be the user's own, and fail: the next snapshot may not. */
  #eventOrComment() {
    try {
      return this.#event()
    } catch {
      return { text: ': no snapshot\n\n', isLast: false }
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
 * A server that is told to close waits for its connections, and an open stream would make it wait
 * for ever.
 * @param {Response} res
 */
function isListening(res) {
  const { server } = /** @type {{ server?: import('node:net').Server }} */ (res.socket ?? {})
  return server?.listening ?? true
}

module.exports = { EventStream }
