// Where an axis has its marks.

const TIME_STEPS = [15, 30, 60, 120, 300, 600, 900, 1800].map((seconds) => seconds * 1000)
const MIB = 1024 ** 2

/**
 * Whole numbers from 0 up to at least `max`, some five of them.
 * @param {number} max
 * @returns {number[]}
 */
export function countMarks(max) {
  const step = Math.max(1, niceStep(max / 5))
  return marks(step, max)
}

/** Bytes: steps are powers of two of a MiB. @param {number} max @returns {number[]} */
export function byteMarks(max) {
  const step = MIB * 2 ** Math.max(0, Math.ceil(Math.log2(max / MIB / 4)))
  return marks(step, max)
}

/**
 * Round times of day.
 * @param {number} from ms
 * @param {number} to ms
 * @param {number} most how many there is room for
 * @returns {number[]}
 */
export function timeMarks(from, to, most) {
  const step = TIME_STEPS.find((step) => (to - from) / step <= most) ?? 3_600_000
  const marks = []
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) marks.push(time)
  return marks
}

/** The next of 1, 2, 5, 10, 20, 50, ... @param {number} least */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-9)))
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power
}

/** @param {number} step @param {number} max */
function marks(step, max) {
  const marks = [0]
  while (marks.length < 2 || marks[marks.length - 1] < max) marks.push(marks.length * step)
  return marks
}
