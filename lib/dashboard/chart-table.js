// The numbers of a chart as a table that can be opened.

import { html, setText } from './elements.js'
import { ScrollArea } from './scroll-area.js'

/** The number of rows. */
export const TABLE_ROWS = 20

export class ChartTable {
  #body = html('tbody')
  #columns

  /**
   * @param {string} title
   * @param {{ name: string, isNumber: boolean }[]} columns - without that of the time
   * @param {() => void} fill - called when the table is opened
   */
  constructor(title, columns, fill) {
    this.#columns = columns
    const caption = html('caption', { text: title })
    const heads = ['Time', ...columns.map(({ name }) => name)].map((text) =>
      html('th', { scope: 'col', text }),
    )
    const head = html('thead', {}, [html('tr', {}, heads)])
    const table = html('table', {}, [caption, head, this.#body])
    const { element: area } = new ScrollArea(title, table)
    this.element = html('details', {}, [html('summary', { text: 'As a table' }), area])
    this.element.addEventListener('toggle', () => this.isOpen && fill())
  }

  get isOpen() {
    return this.element.open
  }

  /**
   * Fills the table. The cells stay, so that screen readers keep their place.
   * @param {string[][]} rows
   */
  show(rows) {
    for (const [at, texts] of rows.entries()) {
      const row = this.#body.rows[at] ?? this.#body.appendChild(this.#row())
      for (const [column, text] of texts.entries()) setText(row.children[column], text)
    }
  }

  #row() {
    const cells = this.#columns.map(({ isNumber }) =>
      html('td', { class: isNumber ? 'number' : undefined }),
    )
    return html('tr', {}, [html('th', { scope: 'row' }), ...cells])
  }
}
