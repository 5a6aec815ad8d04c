// The state of the page, kept in its URL so that a link shows the same.

import { readView, writeView } from './view-query.js'

const state = readView(location.search)

export const view = {
  get window() {
    return state.window
  },
  get isPaused() {
    return state.isPaused
  },
  /** @param {string} table */
  orderOf(table) {
    return state.orders.get(table)
  },
  /** @param {number} window ms */
  setWindow(window) {
    state.window = window
    save()
  },
  /** @param {boolean} isPaused */
  setPaused(isPaused) {
    state.isPaused = isPaused
    save()
  },
  /**
   * @param {string} table
   * @param {import('./view-query.js').Order} [order] - the table's usual order without one
   */
  setOrder(table, order) {
    if (order === undefined) state.orders.delete(table)
    else state.orders.set(table, order)
    save()
  },
}

function save() {
  history.replaceState(null, '', `${location.pathname}${writeView(state)}${location.hash}`)
}
