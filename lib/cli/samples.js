'use strict'

// Parses Prometheus's text format, for output as JSON.

/**
 * @typedef {{ name: string, labels: Record<string, string>, value: number | string }} Sample
 *   - a value that JSON has no number for is a string
 */

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,\s*|$)/gy
const ESCAPES = /** @type {Record<string, string>} */ ({ n: '\n', '\\': '\\', '"': '"' })

/**
 * Its samples, or undefined for a text of another kind.
 * @param {string} text
 * @returns {Sample[] | undefined}
 */
function samplesOf(text) {
  const lines = text.split('\n').map((line) => line.trim())
  const samples = lines.filter((line) => line !== '' && !line.startsWith('#')).map(sampleOf)
  return samples.every((sample) => sample !== undefined) ? samples : undefined
}

/** @param {string} line @returns {Sample | undefined} */
function sampleOf(line) {
  const [, name, text = '', number] = SAMPLE.exec(line) ?? []
  const labels = labelsOf(text)
  if (name === undefined || labels === undefined) return undefined
  if (/^[+-]?Inf$|^NaN$/.test(number)) return { name, labels, value: number }
  const value = Number(number)
  return Number.isFinite(value) ? { name, labels, value } : undefined
}

/** @param {string} text */
function labelsOf(text) {
  /** @type {Record<string, string>} */
  const labels = Object.create(null)
  let end = 0
  for (const match of text.matchAll(LABEL)) {
    labels[match[1]] = match[2].replace(/\\(.)/g, (whole, letter) => ESCAPES[letter] ?? whole)
    end = match.index + match[0].length
  }
  return end === text.length ? labels : undefined
}

module.exports = { samplesOf }
