'use strict'

// The JSON in what mcporter printed, among lines that are not: notices, and what a server wrote to
// its stderr.

/**
 * The most false starts of a document that are tried: a server can print millions of lines that
 * look like one.
 */
const MAX_MISTAKES = 20
const CLOSING = new Map([
  ['{', '}'],
  ['[', ']'],
])
const ONE_LINE = /^(?:".*"|-?\d[\d.eE+-]*|true|false|null|\{\}|\[\])$/

/**
 * Finds all JSON values in order, each wrapped so that `null` counts too.
 * mcporter indents by two spaces, so only the first and the last line of an object or array start
 * at the margin.
 * @param {string} text
 * @returns {{ value: any }[]}
 */
function documents(text) {
  const whole = parse(text)
  if (whole !== undefined) return [whole]
  const lines = text.split(/\r?\n/)
  const found = []
  let mistakes = 0
  for (let first = 0; first < lines.length && mistakes < MAX_MISTAKES; first++) {
    const closing = CLOSING.get(lines[first])
    if (closing === undefined) {
      const value = ONE_LINE.test(lines[first]) ? parse(lines[first]) : undefined
      if (value !== undefined) found.push(value)
      continue
    }
    const last = lines.indexOf(closing, first + 1)
    const value = last === -1 ? undefined : parse(lines.slice(first, last + 1).join('\n'))
    if (value === undefined) {
      mistakes++
      continue
    }
    found.push(value)
    first = last
  }
  return found
}

/** @param {string} text @returns {{ value: any } | undefined} */
function parse(text) {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

module.exports = { documents }
