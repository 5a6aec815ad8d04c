// A table that keeps the element of a row as long as the row shows the same thing.

import { html, setName, setText } from './elements.js'
import { count } from './format.js'
import { sorted } from './rows.js'
import { ScrollArea } from './scroll-area.js'
import { TableHead } from './table-head.js'

/**
 * @template Row
 * @typedef {{ title: string, text: (row: Row) => string, isNumber?: boolean, isName?: boolean,
 *   isLong?: boolean, value?: (row: Row) => string | number | null | undefined,
 *   draw?: (cell: HTMLElement, row: Row) => void }} Column
 *   `value` is what the column sorts by; a column without one and without `isName` does not sort
 */

/** @template Row */
export class Table {
  #columns
  #keyOf
  #arrange
  #head
  #body = html('tbody')
  #empty
  #area
  /** @type {Map<string, HTMLTableRowElement>} */
  #rows = new Map()
  /** The rows as they were given. @type {readonly Row[]} */
  #given = []

  /**
   * @param {HTMLElement} place
   * @param {{ caption: string, columns: Column<Row>[], keyOf: (row: Row) => string, empty: string,
   *   arrange?: (rows: readonly Row[]) => readonly Row[] }} options
   *   `arrange` gets the rows in the order in which they are shown
   */
  constructor(place, { caption, columns, keyOf, empty, arrange = (rows) => rows }) {
    this.#columns = columns
    this.#keyOf = keyOf
    this.#arrange = arrange
    this.#head = new TableHead(place.id, columns, () => this.#draw())
    // A narrow page has no room for a long text beside other columns.
    const look = columns.some(({ isLong }) => isLong) ? 'stacked' : undefined
    const table = html('table', { class: look }, [
      html('caption', { class: 'unseen', text: caption }),
      this.#head.element,
      this.#body,
    ])
    this.#area = new ScrollArea(caption, table)
    this.#empty = html('p', { class: 'empty', text: empty })
    place.append(this.#area.element, this.#empty)
    this.show([])
  }

  /** @param {readonly Row[]} rows */
  show(rows) {
    this.#given = rows
    this.#draw()
  }

  #draw() {
    const rows = this.#arrange(this.#ordered())
    this.#area.element.hidden = rows.length === 0
    this.#empty.hidden = rows.length > 0
    const before = this.#rows
    this.#rows = new Map()
    for (const [at, row] of rows.entries()) {
      const key = this.#free(this.#keyOf(row))
      const element = before.get(key) ?? this.#row()
      before.delete(key)
      this.#rows.set(key, element)
      this.#fill(element, row)
      if (this.#body.rows[at] !== element)
        this.#body.insertBefore(element, this.#body.rows[at] ?? null)
    }
    for (const element of before.values()) element.remove()
  }

  #ordered() {
    const order = this.#head.order
    return order ? sorted(this.#given, order.read, order.isDescending) : this.#given
  }

  /** @param {string} empty */
  explain(empty) {
    setText(this.#empty, empty)
  }

  /** Two calls can be alike in all that is known of them. @param {string} key */
  #free(key) {
    let free = key
    for (let copy = 2; this.#rows.has(free); copy++) free = `${key} ${copy}`
    return free
  }

  #row() {
    const cells = this.#columns.map(({ isNumber, isName, isLong }, at) => {
      const look = isNumber ? 'number' : isName ? 'name' : isLong ? 'long' : undefined
      if (at === 0) return html('th', { scope: 'row', class: look })
      return html('td', { class: look })
    })
    return html('tr', {}, cells)
  }

  /** @param {HTMLTableRowElement} element @param {Row} row */
  #fill(element, row) {
    for (const [at, { text, isName, draw }] of this.#columns.entries()) {
      const cell = /** @type {HTMLElement} */ (element.children[at])
      if (draw) draw(cell, row)
      else if (isName) setName(cell, text(row))
      else setText(cell, text(row))
    }
  }
}

/**
 * Returns a column of numbers, which sorts by them.
 * @template Row
 * @template {number | null | undefined} Value
 * @param {string} title
 * @param {(row: Row) => Value} value
 * @param {(value: Value) => string} [write]
 * @returns {Column<Row>}
 */
export function numberColumn(title, value, write = count) {
  return { title, text: (row) => write(value(row)), value, isNumber: true }
}
