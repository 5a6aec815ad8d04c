// The head of a table, whose buttons change the order of the rows. The page's URL keeps the order.

import { html } from './elements.js'
import { view } from './view.js'

/**
 * @template Row
 * @typedef {import('./table.js').Column<Row>} Column
 */

/** @template Row */
export class TableHead {
  element = html('thead')
  #table
  #onChange
  /** @type {Map<string, { column: Column<Row>, cell: HTMLElement }>} */
  #sortable = new Map()

  /**
   * @param {string} table - its id
   * @param {Column<Row>[]} columns
   * @param {() => void} onChange
   */
  constructor(table, columns, onChange) {
    this.#table = table
    this.#onChange = onChange
    this.element.append(
      html(
        'tr',
        {},
        columns.map((column) => this.#cell(column)),
      ),
    )
    this.#mark()
  }

  /** The order that a reader chose; `undefined` for the table's usual one. */
  get order() {
    const chosen = view.orderOf(this.#table)
    const known = chosen && this.#sortable.get(chosen.column)
    return known && { read: read(known.column), isDescending: chosen.isDescending }
  }

  /** @param {Column<Row>} column */
  #cell(column) {
    const { title, isNumber } = column
    const look = { scope: 'col', class: isNumber ? 'number' : undefined }
    if (!column.value && !column.isName) return html('th', { ...look, text: title })
    const button = html('button', { type: 'button', text: title })
    const cell = html('th', look, [button])
    const key = keyOf(title)
    this.#sortable.set(key, { column, cell })
    button.addEventListener('click', () => this.#turn(key))
    return cell
  }

  /**
   * Goes on from the usual order to the column's first order, to the opposite one, and back.
   * @param {string} key
   */
  #turn(key) {
    const begins = this.#sortable.get(key)?.column.isNumber ?? false
    const before = view.orderOf(this.#table)
    const isNew = before?.column !== key
    if (isNew) view.setOrder(this.#table, { column: key, isDescending: begins })
    else if (before.isDescending === begins)
      view.setOrder(this.#table, { column: key, isDescending: !begins })
    else view.setOrder(this.#table)
    this.#mark()
    this.#onChange()
  }

  #mark() {
    const order = view.orderOf(this.#table)
    for (const [key, { cell }] of this.#sortable) {
      if (order?.column === key)
        cell.setAttribute('aria-sort', order.isDescending ? 'descending' : 'ascending')
      else cell.removeAttribute('aria-sort')
    }
  }
}

/** @param {string} title */
function keyOf(title) {
  return title.toLowerCase().replaceAll(/\W+/g, '-')
}

/**
 * @template Row
 * @param {Column<Row>} column
 */
function read({ value, text }) {
  return value ?? text
}
