/**
 * Counts the calls at once, and the times at which there were more than a limit.
 * @param {readonly { start: number, end: number }[]} calls
 * @param {number} [limit]
 */
export function atOnce(calls, limit = Infinity) {
  // An end comes before a start at the same time.
  const changes = calls.flatMap(({ start, end }) => [
    { time: start, by: 1 },
    { time: end, by: -1 },
  ])
  changes.sort((one, other) => one.time - other.time || one.by - other.by)
  let [now, most, over, overTime, last] = [0, 0, 0, 0, 0]
  for (const { time, by } of changes) {
    if (now > limit) overTime += time - last
    last = time
    now += by
    most = Math.max(most, now)
    if (by > 0 && now > limit) over++
  }
  return { most, over, overTime }
}
