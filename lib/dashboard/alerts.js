// What is wrong, and for a while what was. The list is a live region: it changes only when an alert does.

import { html, setText } from './elements.js'
import { clock, duration } from './format.js'

/** Ms for which a resolved alert can be read. */
const REMEMBERED = 10 * 60_000
const MOST_REMEMBERED = 5
const ICONS = { critical: '◆', warning: '▲', resolved: '✓' }

/** @typedef {{ name: string, level: 'warning' | 'critical', message: string, since: number }} Alert @typedef {Alert & { resolved?: number }} Shown */

export class Alerts {
  #place
  /** @type {Map<string, Shown>} */
  #active = new Map()
  /** @type {Shown[]} */
  #resolved = []
  /** @type {Map<string, HTMLLIElement>} */
  #items = new Map()

  /** @param {HTMLElement} place */
  constructor(place) {
    this.#place = place
  }

  /** @param {any} snapshot */
  show({ time, health }) {
    const now = this.#alertsOf(health, time)
    for (const [name, alert] of this.#active) {
      if (!now.has(name)) this.#resolved.unshift({ ...alert, resolved: time })
    }
    this.#active = now
    this.#resolved = this.#resolved
      .filter(({ resolved = 0, name }) => resolved > time - REMEMBERED && !now.has(name))
      .slice(0, MOST_REMEMBERED)
    this.#draw([...now.values(), ...this.#resolved])
  }

  /** A server without rules for alerts has the one of `/processes`. @param {any} health @param {number} time @returns {Map<string, Shown>} */
  #alertsOf({ alerts, alert }, time) {
    /** @type {Alert[]} */
    const given =
      alerts ?? (alert ? [{ ...alert, name: 'processes', since: this.#active.get('processes')?.since ?? time }] : [])
    return new Map(given.map((each) => [each.name, each]))
  }

  /** @param {Shown[]} shown */
  #draw(shown) {
    const before = this.#items
    this.#items = new Map()
    for (const alert of shown) {
      const key = `${alert.name} ${alert.since}`
      const item = before.get(key) ?? this.#place.appendChild(newItem(alert))
      before.delete(key)
      this.#items.set(key, item)
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
  // No running time here: a screen reader would read it each second.
  const times =
    resolved === undefined
      ? `since ${clock(since)}`
      : `${clock(since)} to ${clock(resolved)}, ${duration(resolved - since)}`
  setText(when, times)
}
