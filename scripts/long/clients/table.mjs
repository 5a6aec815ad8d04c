// What the outcomes of a server mean, and how they are shown.

/**
 * @typedef {{ completes: boolean, code?: string, message?: string, by?: string }} Cell
 * @typedef {{ name: string, cells: Record<string, Cell> }} Row
 * @typedef {import('../../../__test__/fixtures/odd/index.mjs').Odd} Odd
 */

/** The ways of procward; a call that either completes is not lost. */
const OURS = ['procward auto', 'procward pool']
/** The error of a call whose time was up. */
const LATE = 'ERR_CALL_TIMEOUT'
const MOST = 120

/** Why this row is not as it has to be, or `undefined`. @param {Row} row @param {Odd} odd */
export function complaint({ cells }, odd) {
  const complete = Object.keys(cells).filter((name) => cells[name].completes)
  const ours = OURS.map((name) => `${name} ${words(cells[name])}`).join('; ')
  const peers = complete.filter((name) => !OURS.includes(name))
  if (odd.forbidden)
    return complete.length > peers.length ? `it must not be completed; ${ours}` : undefined
  if (complete.length > peers.length) return undefined
  if (peers.length > 0) return `completed by ${peers.join(', ')}; ${ours}`
  if (odd.settles)
    return OURS.some((name) => cells[name].code === LATE)
      ? `no failure before its time is up; ${ours}`
      : undefined
  return odd.hopeless
    ? undefined
    : `no client completes it, which must be the fault of this check; ${ours}`
}

/** The whole table. @param {Row[]} rows */
export function markdown(rows) {
  const names = [...new Set(rows.flatMap(({ cells }) => Object.keys(cells)))]
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`
  const body = rows.map(({ name, cells }) =>
    line([name, ...names.map((client) => short(cells[client]))]),
  )
  return [
    line(['server', ...names]),
    line(['server', ...names].map(() => '---')),
    ...body,
    '',
  ].join('\n')
}

/** @param {Cell | undefined} cell */
function short(cell) {
  if (cell === undefined) return 'not tried'
  if (cell.completes) return cell.by === undefined ? 'completes' : `completes (${cell.by})`
  return `fails (${cell.code})`
}

/** @param {Cell} cell */
function words(cell) {
  return cell.message === undefined ? short(cell) : `${short(cell)} ${cell.message.slice(0, MOST)}`
}
