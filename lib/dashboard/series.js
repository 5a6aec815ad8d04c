// The data of the charts: points in time, kept for an hour.

/** Ms. */
export const HOUR = 3_600_000
/** Ms between two points. */
const STEP = 1000

/**
 * @typedef {{
 *   time: number, processes: number, children: number, memory: number, inUse: number, queued:
 * number, limit: number, limitedBy: string | null,
 *   calls: number, failures: number, queueTimeouts: number, kills: number, scans: number,
 *   memoryAvailable: number, memoryTotal: number,
 * }} Point what the server calls a sample
 * @typedef {{ time: number, total: number }} Bucket
 *   the end of a stretch of time, and how far a counter went in it
 */

/** Points in the order of time, the latest hour of them. */
export class Series {
  /** @type {Point[]} */
  points = []
  /** A point from before the last one. @type {Point | undefined} */
  #early

  /** @param {Point} point */
  add(point) {
    const last = this.points.at(-1)
    if (last !== undefined && point.time <= last.time) {
      const early = this.#early
      this.#early = point
      // One point may come late; a second one after it shows that the server's clock was set back.
      if (early === undefined || point.time <= early.time) return
      this.#move(early.time - STEP - last.time)
      this.points.push(early)
    }
    this.#early = undefined
    this.points.push(point)
    const expired = this.points.findIndex(({ time }) => time > point.time - HOUR)
    // Not at each point, because it moves all others.
    if (expired > 100) this.points.splice(0, expired)
  }

  /** Moves all points along with the server's clock. @param {number} by ms */
  #move(by) {
    this.points = this.points.map((point) => ({ ...point, time: point.time + by }))
  }

  /** Adds points before the first one and in gaps. @param {Point[]} past */
  addPast(past) {
    const known = new Set(this.points.map(({ time }) => Math.floor(time / 5000)))
    const fresh = past.filter(({ time }) => !known.has(Math.floor(time / 5000)))
    this.points = [...fresh, ...this.points].sort((one, other) => one.time - other.time)
  }

  /**
   * Those in a stretch of time, and the one before it, from where the line comes in.
   * @param {number} from
   * @param {number} to
   */
  between(from, to) {
    const before = this.points.findLastIndex(({ time }) => time < from)
    return this.points.slice(Math.max(before, 0)).filter(({ time }) => time <= to)
  }
}

/**
 * Returns the increase of a counter in each bucket that ends in a stretch of time. Buckets stand at
 * multiples of their length, so that a bar keeps its height while it moves.
 * @param {readonly Point[]} points
 * @param {(point: Point) => number} read
 * @param {number} from
 * @param {number} to
 * @param {number} length ms
 * @returns {Bucket[]}
 */
export function increases(points, read, from, to, length) {
  /** @type {Map<number, number>} */
  const totals = new Map()
  for (const [at, point] of points.entries()) {
    if (at === 0) continue
    const end = Math.ceil(point.time / length) * length
    totals.set(end, (totals.get(end) ?? 0) + gain(read(points[at - 1]), read(point)))
  }
  return [...totals]
    .filter(([end]) => end > from && end < to + length)
    .map(([time, total]) => ({ time, total }))
}

/**
 * Returns the increase of a counter over all points.
 * @param {readonly Point[]} points
 * @param {(point: Point) => number} read
 */
export function increase(points, read) {
  return points.slice(1).reduce((sum, point, at) => sum + gain(read(points[at]), read(point)), 0)
}

/**
 * Returns the gain of a counter. A counter that went back was started again, from zero.
 * @param {number} before
 * @param {number} now
 */
function gain(before, now) {
  return now >= before ? now - before : now
}

/**
 * The highest of each stretch that is one pixel wide: a peak of a second shows in an hour.
 * @param {readonly Point[]} points
 * @param {(point: Point) => number} read
 * @param {number} length ms of a pixel
 * @returns {{ time: number, value: number }[]}
 */
export function peaks(points, read, length) {
  /** @type {{ time: number, value: number }[]} */
  const found = []
  let column = Number.NaN
  for (const point of points) {
    const value = read(point)
    const own = Math.floor(point.time / length)
    const last = found.at(-1)
    if (own !== column || last === undefined) found.push({ time: point.time, value })
    else if (value >= last.value) found[found.length - 1] = { time: point.time, value }
    column = own
  }
  return found
}
