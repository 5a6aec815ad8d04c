// A table that keeps the element of a row as long as the row shows the same thing.

import { html, setName, setText } from './elements.js'

/**
 * @template Row
 * @typedef {{ title: string, text: (row: Row) => string, isNumber?: boolean, isName?: boolean,
 *   draw?: (cell: HTMLElement, row: Row) => void }} Column
 */

/** @template Row */
export class Table {
  #columns
  #keyOf
  #body = html('tbody')
  #empty
  #scroll
  /** @type {Map<string, HTMLTableRowElement>} */
  #rows = new Map()

  /**
   * @param {HTMLElement} place
   * @param {{ caption: string, columns: Column<Row>[], keyOf: (row: Row) => string, empty: string
   *   }} options
   */
  constructor(place, { caption, columns, keyOf, empty }) {
    this.#columns = columns
    this.#keyOf = keyOf
    const heads = columns.map(({ title, isNumber }) =>
      html('th', { scope: 'col', class: isNumber ? 'number' : undefined, text: title }),
    )
    const table = html('table', {}, [
      html('caption', { class: 'unseen', text: caption }),
      html('thead', {}, [html('tr', {}, heads)]),
      this.#body,
    ])
    this.#scroll = html(
      'div',
      { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
      [table],
    )
    this.#empty = html('p', { class: 'empty', text: empty })
    place.append(this.#scroll, this.#empty)
    this.show([])
  }

  /** @param {readonly Row[]} rows */
  show(rows) {
    this.#scroll.hidden = rows.length === 0
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
    const cells = this.#columns.map(({ isNumber, isName }, at) => {
      if (at === 0) return html('th', { scope: 'row', class: 'name' })
      return html('td', { class: isNumber ? 'number' : isName ? 'name' : undefined })
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
