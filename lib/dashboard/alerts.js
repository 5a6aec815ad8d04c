// Shows active alerts, and for a while resolved ones.

import { reasonOf } from './alert-reasons.js'
import { html, setText } from './elements.js'
import { clock, counted, duration, withMinutes } from './format.js'

/** Ms for which a resolved alert can be read. */
const REMEMBERED = 10 * 60_000
const MOST_REMEMBERED = 5
/** More alerts than this are folded away until a reader asks for them. */
const MOST_SHOWN = 4
const ICONS = { critical: '◆', warning: '▲', resolved: '✓' }

/**
 * @typedef {{ name: string, level: 'warning' | 'critical', message: string, since: number,
 *   value: number, threshold: number, resolvesAt?: number }} Alert
 * @typedef {import('./alert-reasons.js').Reason} Reason
 * @typedef {Alert & { reason: Reason, resolved?: number }} Shown
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
  #more = html('button', { class: 'more-alerts', type: 'button' })
  #showsAll = false

  /**
   * @param {HTMLElement} place
   * @param {(text: string) => void} announce
   *   what a screen reader says: the list itself changes too often
   */
  constructor(place, announce) {
    this.#place = place
    this.#announce = announce
    this.#more.hidden = true
    place.after(this.#more)
    this.#more.addEventListener('click', () => {
      this.#showsAll = !this.#showsAll
      this.#fold()
    })
  }

  /** @param {any} snapshot */
  show(snapshot) {
    const { time, health } = snapshot
    this.#followClock(time)
    /** @type {Map<string, Shown>} */
    const now = new Map()
    for (const alert of health.alerts) now.set(alert.name, this.#explained(alert, snapshot))
    for (const [name, alert] of now) {
      if (!this.#active.has(name)) this.#announce(`${alert.level}: ${withMinutes(alert.message)}`)
    }
    for (const [name, alert] of this.#active) {
      if (now.has(name)) continue
      this.#resolved.unshift({ ...alert, resolved: time })
      this.#announce(`resolved: ${withMinutes(alert.message)}`)
    }
    this.#active = now
    this.#resolved = this.#resolved
      .filter(({ resolved = 0, name }) => resolved > time - REMEMBERED && !now.has(name))
      .slice(0, MOST_REMEMBERED)
    const byLevel = [...now.values()].sort((one, other) => rank(one) - rank(other))
    this.#draw([...byLevel, ...this.#resolved])
    this.#fold()
  }

  /**
   * Adds the reason. A reason that can be seen no longer stays, because the alert rose for it.
   * @param {Alert} alert
   * @param {any} snapshot
   * @returns {Shown}
   */
  #explained(alert, snapshot) {
    const reason = reasonOf(alert, snapshot)
    const before = this.#active.get(alert.name)?.reason.text
    return { ...alert, reason: reason.text === '' ? { ...reason, text: before ?? '' } : reason }
  }

  #fold() {
    const items = [...this.#place.children]
    const isFolded = items.length > MOST_SHOWN + 1 && !this.#showsAll
    for (const [at, item] of items.entries())
      item.toggleAttribute('hidden', isFolded && at >= MOST_SHOWN)
    this.#more.hidden = items.length <= MOST_SHOWN + 1
    this.#more.setAttribute('aria-expanded', String(!isFolded))
    const folded = items.length - MOST_SHOWN
    setText(this.#more, isFolded ? `Show ${counted(folded, 'more alert')}` : 'Show fewer alerts')
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
    html('span', { class: 'reason' }, [html('span'), html('a')]),
  ])
}

/** Returns the place of an alert: critical ones first. @param {Alert} alert */
function rank({ level }) {
  return level === 'critical' ? 0 : 1
}

/** @param {HTMLLIElement} item @param {Shown} alert */
function fill(item, alert) {
  const { level, message, since, resolved, reason } = alert
  const state = resolved === undefined ? level : 'resolved'
  item.dataset.level = state
  const [icon, word, text, when, why] = item.children
  setText(icon, ICONS[state])
  setText(word, state)
  setText(text, withMinutes(message))
  const times =
    resolved === undefined
      ? `since ${clock(since)}${ending(alert)}`
      : `${clock(since)} to ${clock(resolved)}, ${duration(resolved - since)}`
  setText(when, times)
  fillReason(/** @type {HTMLElement} */ (why), reason)
}

/**
 * Tells that the value of an alert's message is one of the past, and how long the alert is kept.
 * @param {Pick<Alert, 'value' | 'threshold' | 'resolvesAt'>} alert
 */
export function ending({ value, threshold, resolvesAt }) {
  if (resolvesAt !== undefined) return `, resolves at ${clock(resolvesAt)}`
  return value <= threshold ? ', at most its threshold now' : ''
}

/** @param {HTMLElement} place @param {Reason} reason */
function fillReason(place, { text, target, label }) {
  const [words, link] = place.children
  place.hidden = text === '' && target === undefined
  setText(words, text === '' ? '' : `Why: ${text}.`)
  link.toggleAttribute('hidden', target === undefined)
  if (target !== undefined) link.setAttribute('href', `#${target}`)
  setText(link, label ?? '')
}
