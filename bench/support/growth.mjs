// How work grows with its size, as the exponent of a power: 1 is in proportion, 2 is quadratic.

/**
 * The slope of the line through the logarithms.
 * @param {{ size: number, total: number }[]} points
 */
export function exponent(points) {
  const logs = points.map(({ size, total }) => ({ x: Math.log(size), y: Math.log(total) }))
  const mean = (of) => logs.reduce((sum, point) => sum + of(point), 0) / logs.length
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)]
  return mean((point) => (point.x - x) * (point.y - y)) / mean((point) => (point.x - x) ** 2)
}

/** What n log n amounts to over these sizes, and a tenth for the noise. @param {number[]} sizes */
export function mostExponent(sizes) {
  return exponent(sizes.map((size) => ({ size, total: size * Math.log(size) }))) + 0.1
}

/**
 * One line of a suite's results: at most as n log n.
 * @param {string} what
 * @param {{ size: number, total: number }[]} points
 */
export function growthRatio(what, points) {
  const most = mostExponent(points.map(({ size }) => size))
  const is = exponent(points)
  return { what, is, unit: '', target: `at most ${most.toFixed(2)} (n log n)`, met: is <= most }
}
