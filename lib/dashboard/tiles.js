// The figures of this moment.

import { html, setText } from './elements.js'
import { bytes, count, counted, duration, NONE } from './format.js'

/** More slots than this are no longer drawn one by one. */
const MOST_SLOTS = 24

/**
 * @typedef {import('./series.js').Point} Point
 * @typedef {{ name: string, value: (now: Point) => string, note: (now: Point, minute: Point,
 *   snapshot: any) => string, isBad?: (now: Point, minute: Point) => boolean }} Tile
 */

/** @type {Tile[]} */
const TILES = [
  {
    name: 'Slots in use',
    value: ({ inUse, limit }) => `${count(inUse)} / ${count(limit)}`,
    note: ({ inUse, limit }) => (inUse >= limit ? 'all taken' : `${count(limit - inUse)} free`),
  },
  {
    name: 'Waiting',
    value: ({ queued }) => count(queued),
    note: ({ queueTimeouts }, _minute, { queuedCalls: [longest] }) =>
      longest
        ? `longest for ${duration(longest.duration)}`
        : `${count(queueTimeouts)} timed out so far`,
    isBad: ({ queued }) => queued > 2,
  },
  {
    name: 'Child processes',
    value: ({ children }) => count(children),
    note: ({ processes }) => `${count(processes)} with calls`,
  },
  {
    name: 'Memory of children',
    value: ({ memory }) => bytes(memory),
    note: ({ memoryAvailable }) => `host: ${bytes(memoryAvailable)} left`,
  },
  {
    name: 'Finished calls',
    value: ({ calls }) => count(calls),
    note: (now, minute) => lastMinute(now.calls, minute.calls),
  },
  {
    name: 'Failed calls',
    value: ({ failures }) => count(failures),
    note: (now, minute) => lastMinute(now.failures, minute.failures),
    isBad: (now, minute) => now.failures > minute.failures,
  },
  {
    name: 'Ended by cleanup',
    value: ({ kills }) => count(kills),
    note: ({ scans }) => counted(scans, 'scan'),
    isBad: (now, minute) => now.kills > minute.kills,
  },
]

/** @param {number} now @param {number} before */
function lastMinute(now, before) {
  return `${count(Math.max(now - before, 0))} in the last minute`
}

export class Tiles {
  #tiles
  #slots = html('dd', { class: 'slots', 'aria-hidden': 'true' })

  /** @param {HTMLElement} place */
  constructor(place) {
    this.#tiles = TILES.map((tile) => {
      const value = html('dd', { class: 'value', text: NONE })
      const note = html('dd', { class: 'note' })
      const element = html('div', { class: 'tile' }, [html('dt', { text: tile.name }), value, note])
      place.append(element)
      return { tile, element, value, note }
    })
    this.#tiles[0].value.after(this.#slots)
  }

  /** @param {any} snapshot @param {Point} minute how it was a minute ago */
  show(snapshot, minute) {
    const now = snapshot.sample
    for (const { tile, element, value, note } of this.#tiles) {
      setText(value, tile.value(now))
      setText(note, tile.note(now, minute, snapshot))
      element.classList.toggle('bad', tile.isBad?.(now, minute) ?? false)
    }
    this.#showSlots(now)
  }

  /** @param {Point} now */
  #showSlots({ inUse, limit }) {
    const slots = limit > MOST_SLOTS ? 0 : limit
    while (this.#slots.childElementCount < slots)
      this.#slots.append(html('span', { class: 'slot' }))
    while (this.#slots.childElementCount > slots) this.#slots.lastElementChild?.remove()
    for (const [at, slot] of [...this.#slots.children].entries())
      slot.classList.toggle('taken', at < inUse)
  }
}
