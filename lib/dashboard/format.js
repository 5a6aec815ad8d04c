// Numbers as people read them. Units stand beside each of them.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** Text for an unknown number. */
export const NONE = '–'

/** @param {number | null | undefined} value */
export function count(value) {
  return isNumber(value) ? whole.format(value) : NONE
}

/** Without marks of thousands. @param {number | null} pid */
export function pidText(pid) {
  return pid === null ? NONE : String(pid)
}

/** Returns the sum. @param {readonly number[]} numbers */
export function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0)
}

/** @param {number | null | undefined} value */
export function bytes(value) {
  if (!isNumber(value)) return NONE
  const power = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), UNITS.length - 1)
  return `${significant(value / 1024 ** power)} ${UNITS[power]}`
}

/** @param {number | null | undefined} ms */
export function duration(ms) {
  if (!isNumber(ms)) return NONE
  const seconds = Math.max(ms, 0) / 1000
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  if (seconds < 3600) return pair(Math.floor(seconds / 60), 'min', Math.floor(seconds % 60), 's')
  if (seconds < 86_400)
    return pair(Math.floor(seconds / 3600), 'h', Math.floor((seconds % 3600) / 60), 'min')
  return pair(Math.floor(seconds / 86_400), 'd', Math.floor((seconds % 86_400) / 3600), 'h')
}

/** @param {number} large @param {string} unit @param {number} small @param {string} smallUnit */
function pair(large, unit, small, smallUnit) {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`
}

/** @param {number} value @param {string} one @param {string} [many] */
export function counted(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** A latency. @param {number | null | undefined} seconds */
export function latency(seconds) {
  if (!isNumber(seconds)) return NONE
  if (seconds < 0.001) return `${significant(seconds * 1e6)} µs`
  return seconds < 1 ? `${significant(seconds * 1000)} ms` : `${significant(seconds)} s`
}

/** A share of one. @param {number | null | undefined} share */
export function percent(share) {
  if (!isNumber(share)) return NONE
  return `${share < 0.0995 ? significantShare(share) : whole.format(share * 100)}%`
}

/** @param {number} share */
function significantShare(share) {
  return (share * 100).toFixed(1).replace(/\.0$/, '')
}

/**
 * Writes the times of a minute and more in a text as people read them: `300 s` as `5 min`.
 * @param {string} text
 */
export function withMinutes(text) {
  return text.replaceAll(/(?<![\w.])(\d{2,}(?:\.\d+)?) s\b/g, (written, seconds) =>
    Number(seconds) < 60 ? written : duration(Math.round(Number(seconds)) * 1000),
  )
}

/** The time of day. @param {number} time ms since the epoch */
export function clock(time) {
  const date = new Date(time)
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')
}

/**
 * Returns the words for a key, or the key where there are none.
 * @param {Record<string, string>} words
 * @param {string} key
 */
export function wordsFor(words, key) {
  return Object.hasOwn(words, key) ? words[key] : key
}

/** @param {number} value */
function significant(value) {
  return value >= 100
    ? whole.format(value)
    : value.toFixed(value >= 10 ? 1 : 2).replace(/\.0+$/, '')
}

/** @param {unknown} value @returns {value is number} */
function isNumber(value) {
  return typeof value === 'number' && Number.isFinite(value)
}
