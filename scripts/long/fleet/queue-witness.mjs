// What Redis itself did to a fleet's queue, told by MONITOR: the only witness of who stood in it
// when a call got its slots. A process that cannot hear loses its place, and asks again with its
// ticket, so the tickets of grants alone don't tell whether anybody in the queue was passed over.

import { createConnection } from 'node:net'
import { createInterface } from 'node:readline'

/** A command of the script: its name, its key, and the rest as Redis quotes it. */
const COMMAND = /^\+?[\d.]+ \[\d+ lua\] "(\w+)" "[^"]*:(\w+)" (.*)$/
/** An entry of the queue: the server, its ticket, its cost and its id. */
const ENTRY = /\\x00(\d+) \d+ (\S+)"$/
/** A record of a holder. */
const HOLDER = /^"(\S+)" "[HU] /

/** @param {{ port: number }} redis with one fleet, whose calls are all of one server */
export async function watchQueue({ port }) {
  const queue = new Queue()
  const socket = createConnection({ host: '127.0.0.1', port })
  const lines = createInterface({ input: socket })
  await new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.write('MONITOR\r\n')
    lines.once('line', resolve)
  })
  lines.on('line', (line) => queue.read(line))
  return {
    /** Returns the grants to waiters, and how many of them passed a lower ticket in the queue. */
    found: () => ({ granted: queue.granted, passed: queue.passed }),
    close: () => socket.destroy(),
  }
}

/** A fleet's queue, as far as its commands tell. */
export class Queue {
  granted = 0
  passed = 0
  /** The tickets of waiters by their ids. @type {Map<string, number>} */
  #tickets = new Map()
  /** The waiter that left the queue last, with its ticket. @type {[string, number] | undefined} */
  #left

  /** Follows one line of MONITOR. */
  read(/** @type {string} */ line) {
    const [, command, key, rest] = COMMAND.exec(line) ?? []
    const [, ticket, waiter] = (key === 'queue' && ENTRY.exec(rest)) || []
    if (command === 'ZADD' && waiter !== undefined) this.#tickets.set(waiter, Number(ticket))
    if (command === 'ZREM' && waiter !== undefined) {
      this.#tickets.delete(waiter)
      this.#left = [waiter, Number(ticket)]
    }
    const [, holder] = (command === 'HSET' && key === 'calls' && HOLDER.exec(rest)) || []
    if (holder === undefined || holder !== this.#left?.[0]) return
    this.granted++
    if (Math.min(...this.#tickets.values()) < this.#left[1]) this.passed++
  }
}
