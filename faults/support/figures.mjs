// What a scenario prints.

/** A measurement. @param {string} text */
export function figure(text) {
  console.log(`  --   ${text}`)
}

/** A check, with what was found. @param {boolean} holds @param {string} text */
export function check(holds, text) {
  console.log(`  ${holds ? 'ok  ' : 'FAIL'} ${text}`)
}

/**
 * How often something was true, and whether always.
 * @param {boolean[]} rounds
 * @param {string} text
 */
export function checkAll(rounds, text) {
  const held = rounds.filter(Boolean).length
  check(rounds.length > 0 && held === rounds.length, `${text}: ${held}/${rounds.length}`)
}

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** @param {number[]} values in ms */
export function spread(values) {
  const times = values.filter(Number.isFinite)
  if (times.length === 0) return 'never'
  return `median ${median(times).toFixed(1)} ms, worst ${Math.max(...times).toFixed(1)} ms`
}
