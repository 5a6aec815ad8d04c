// The state of the page as a query: the window of the charts, the order of tables, and a pause.

/** The windows of the charts in ms, by their names in the URL. */
const WINDOWS = { '5m': 300_000, '15m': 900_000, '1h': 3_600_000 }
const DEFAULT_WINDOW = WINDOWS['5m']
const SORT = /^([\w-]+)\.([\w-]+)\.(asc|desc)$/
/** The most tables whose order is read. */
const MAX_SORTS = 20

/**
 * @typedef {{ column: string, isDescending: boolean }} Order
 * @typedef {{ window: number, isPaused: boolean, orders: Map<string, Order> }} State
 *   `orders` are by the ids of tables
 */

/**
 * Returns the state in a query. Unknown names and values are ignored.
 * @param {string} search
 * @returns {State}
 */
export function readView(search) {
  const query = new URLSearchParams(search)
  const window = new Map(Object.entries(WINDOWS)).get(query.get('window') ?? '')
  /** @type {State['orders']} */
  const orders = new Map()
  for (const entry of query.getAll('sort').slice(0, MAX_SORTS)) {
    const [, table, column, direction] = SORT.exec(entry) ?? []
    if (table !== undefined) orders.set(table, { column, isDescending: direction === 'desc' })
  }
  return { window: window ?? DEFAULT_WINDOW, isPaused: query.has('paused'), orders }
}

/** Returns the query of a state, without what is as usual. @param {State} state */
export function writeView({ window, isPaused, orders }) {
  const query = new URLSearchParams()
  const [name] = Object.entries(WINDOWS).find(([, ms]) => ms === window) ?? []
  if (name !== undefined && window !== DEFAULT_WINDOW) query.set('window', name)
  for (const [table, { column, isDescending }] of orders)
    query.append('sort', `${table}.${column}.${isDescending ? 'desc' : 'asc'}`)
  if (isPaused) query.set('paused', '1')
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
