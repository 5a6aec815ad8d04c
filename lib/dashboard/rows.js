// The order of a table's rows.

/**
 * Returns the rows in the order of a column's values. Rows without a value go last, and equal rows
 * stay in the order given.
 * @template Row
 * @param {readonly Row[]} rows
 * @param {(row: Row) => string | number | null | undefined} read
 * @param {boolean} isDescending
 */
export function sorted(rows, read, isDescending) {
  return [...rows].sort((one, other) => {
    const [a, b] = [read(one) ?? null, read(other) ?? null]
    if (a === null || b === null) return Number(a === null) - Number(b === null)
    const difference =
      typeof a === 'number' && typeof b === 'number' ? a - b : compareText(String(a), String(b))
    return isDescending ? -difference : difference
  })
}

/** @param {string} one @param {string} other */
function compareText(one, other) {
  return one.localeCompare(other, 'en', { numeric: true })
}
