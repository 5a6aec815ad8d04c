// Shows active alerts, and for a while resolved ones.

import { html, setText } from './elements.js'
import { clock, duration } from './format.js'

/** Ms for which a resolved alert can be read. */
const REMEMBERED = 10 * 60_000
const MOST_REMEMBERED = 5
const ICONS = { critical: '◆', warning: '▲', resolved: '✓' }

/**
 * @typedef {{ name: string, level: 'warning' | 'critical', message: string, since: number }} Alert
 * @typedef {Alert & { resolved?: number }} Shown
 */

export class Alerts {
  #place
  #announce
  /** @type {Map<string, Shown>} */
  #active = new Map()
  /** @type {Shown[]} */
  #resolved = []
  /** @type {Map<string, HTMLLIElement>} */
  #items = new Map()
  /** The time of the last snapshot. */
  #last = -Infinity

  /**
   * @param {HTMLElement} place
   * @param {(text: string) => void} announce
   *   what a screen reader says: the list itself changes too often
   */
  constructor(place, announce) {
    this.#place = place
    this.#announce = announce
  }

  /** @param {any} snapshot */
  show({ time, health }) {
    this.#followClock(time)
    /** @type {Map<string, Shown>} */
    const now = new Map(health.alerts.map((/** @type {Alert} */ alert) => [alert.name, alert]))
    for (const [name, alert] of now) {
      if (!this.#active.has(name)) this.#announce(`${alert.level}: ${alert.message}`)
    }
    for (const [name, alert] of this.#active) {
      if (now.has(name)) continue
      this.#resolved.unshift({ ...alert, resolved: time })
      this.#announce(`resolved: ${alert.message}`)
    }
    this.#active = now
    this.#resolved = this.#resolved
      .filter(({ resolved = 0, name }) => resolved > time - REMEMBERED && !now.has(name))
      .slice(0, MOST_REMEMBERED)
    this.#draw([...now.values(), ...this.#resolved])
  }

  /**
   * Moves resolved alerts back when the server's clock was set back.
   * @param {number} time
   */
  #followClock(time) {
    const ahead = Math.max(0, this.#last - time)
    this.#last = time
    if (ahead === 0) return
    this.#resolved = this.#resolved.map((alert) => ({
      ...alert,
      resolved: Number(alert.resolved) - ahead,
    }))
  }

  /** @param {Shown[]} shown */
  #draw(shown) {
    const before = this.#items
    this.#items = new Map()
    for (const [at, alert] of shown.entries()) {
      const key = `${alert.name} ${alert.since}`
      const item = before.get(key) ?? newItem(alert)
      before.delete(key)
      this.#items.set(key, item)
      if (this.#place.children[at] !== item)
        this.#place.insertBefore(item, this.#place.children[at] ?? null)
      fill(item, alert)
    }
    for (const item of before.values()) item.remove()
  }
}

/** @param {Shown} alert */
function newItem({ name }) {
  return html('li', { 'data-name': name }, [
    html('span', { class: 'icon', 'aria-hidden': 'true' }),
    html('strong'),
    html('span', { class: 'message' }),
    html('span', { class: 'since' }),
  ])
}

/** @param {HTMLLIElement} item @param {Shown} alert */
function fill(item, { level, message, since, resolved }) {
  const state = resolved === undefined ? level : 'resolved'
  item.dataset.level = state
  const [icon, word, text, when] = item.children
  setText(icon, ICONS[state])
  setText(word, state)
  setText(text, message)
  const times =
    resolved === undefined
      ? `since ${clock(since)}`
      : `${clock(since)} to ${clock(resolved)}, ${duration(resolved - since)}`
  setText(when, times)
}
