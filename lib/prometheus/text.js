'use strict'

// Metrics as text: OpenMetrics, and the older format that Prometheus reads unless it asks for that.

/** The units that OpenMetrics names, by the end of a family's name. */
const UNITS = ['seconds', 'bytes']

/**
 * Writes families as text. In the older format a counter's family has the name of its samples, and
 * there are neither units nor a mark of the end.
 * @param {import('./families').Family[]} families
 * @param {boolean} isOpen - OpenMetrics, and not the older format
 */
function metricsText(families, isOpen) {
  const lines = families.flatMap((family) => [...head(family, isOpen), ...samples(family)])
  if (isOpen) lines.push('# EOF')
  return `${lines.join('\n')}\n`
}

/** @param {import('./families').Family} family @param {boolean} isOpen */
function head({ name, help, type }, isOpen) {
  const shown = type === 'counter' && !isOpen ? `${name}_total` : name
  const lines = [`# HELP ${shown} ${help}`, `# TYPE ${shown} ${type}`]
  const unit = isOpen && UNITS.find((unit) => name.endsWith(`_${unit}`))
  return unit ? [...lines, `# UNIT ${name} ${unit}`] : lines
}

/** @param {import('./families').Family} family @returns {string[]} */
function samples(family) {
  const { name } = family
  if (family.type !== 'histogram') {
    const sample = family.type === 'counter' ? `${name}_total` : name
    return family.points.map((point) => `${sample}${braces(point.labels)} ${float(point.value)}`)
  }
  return family.points.flatMap(({ labels, sum, count, buckets }) => [
    `${name}_sum${braces(labels)} ${float(sum)}`,
    `${name}_count${braces(labels)} ${count}`,
    ...buckets.map(([le, value]) => `${name}_bucket${braces(labels, float(le))} ${value}`),
    `${name}_bucket${braces(labels, '+Inf')} ${count}`,
  ])
}

/**
 * Writes labels in the order of their names, after the bound of a bucket.
 * @param {Record<string, string>} labels
 * @param {string} [le]
 */
function braces(labels, le) {
  const pairs = Object.keys(labels)
    .sort()
    .map((name) => `${name}="${escaped(labels[name])}"`)
  if (le !== undefined) pairs.unshift(`le="${le}"`)
  return pairs.length > 0 ? `{${pairs.join(',')}}` : ''
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}

/**
 * Writes a number as a float, because OpenMetrics tells floats from integers.
 * @param {number} value
 */
function float(value) {
  const text = String(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

module.exports = { metricsText }
