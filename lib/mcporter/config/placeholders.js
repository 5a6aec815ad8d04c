'use strict'

// mcporter's placeholders: ${NAME} and ${NAME:-default} anywhere in a text, $env:NAME as all of it.

/** @typedef {(name: string) => string | undefined} Variable */

const DIRECT = '$env:'
const START = /\\?\$\{([A-Za-z_]\w*)(:-|\})/g
const LINE_END = /[\n\r\u2028\u2029]/g
const ALONE = /^\$\{([A-Za-z_]\w*)(?::-|:|-)?/
const MAX_NAMES = 20

/** Variables that a configuration needs and that are not set. */
class MissingVariables extends Error {
  /** @param {string[]} names */
  constructor(names) {
    const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : ''
    const what = names.length === 1 ? 'the environment variable' : 'the environment variables'
    super(`${what} ${names.slice(0, MAX_NAMES).join(', ')}${more} must be set`)
  }
}

/** @param {string} text @param {Variable} variable */
function expand(text, variable) {
  if (text.startsWith(DIRECT)) {
    const name = text.slice(DIRECT.length)
    return variable(name) ?? missing([name])
  }
  /** @type {Set<string>} */
  const unset = new Set()
  let expanded = ''
  let end = 0
  for (const { at, next, name, fallback } of placeholders(text, '.')) {
    const value = variable(name)
    if (value === undefined && fallback === undefined) unset.add(name)
    expanded += text.slice(end, at) + (value || (fallback ?? value ?? text.slice(at, next)))
    end = next
  }
  return unset.size === 0 ? expanded + text.slice(end) : missing([...unset].sort())
}

/**
 * Finds the placeholders in a text in linear time. A regular expression would take longer on
 * missing braces.
 * @param {string} text
 * @param {'.' | 'any'} letters - which ones a fallback may hold: all but those that end a line, or
 *   any
 */
function* placeholders(text, letters) {
  const brace = from(text, (at) => text.indexOf('}', at))
  const line = from(text, (at) => {
    LINE_END.lastIndex = at
    return LINE_END.exec(text)?.index ?? -1
  })
  for (let at = 0; ; ) {
    START.lastIndex = at
    const start = START.exec(text)
    if (start === null) return
    const [opening, name, kind] = start
    const after = start.index + opening.length
    at = after
    if (kind === '}') {
      yield { at: start.index, next: after, name, fallback: undefined }
      continue
    }
    const close = brace(after)
    if (close === text.length) continue
    if (letters === '.' && line(after) < close) continue
    at = close + 1
    yield { at: start.index, next: at, name, fallback: text.slice(after, close) }
  }
}

/**
 * Finds the next match from a place on, where places only rise; the text's end if none is left.
 * @param {string} text
 * @param {(at: number) => number} find
 */
function from(text, find) {
  let found = -1
  return (/** @type {number} */ at) => {
    if (found < at) found = find(at)
    if (found === -1) found = text.length
    return found
  }
}

/**
 * Expands a text as `expand` does, but leaves unset variables as they stand.
 * @param {string} text
 * @param {Variable} variable
 */
function expandKnown(text, variable) {
  try {
    return expand(text, variable)
  } catch (error) {
    if (error instanceof MissingVariables) return text
    throw error
  }
}

/**
 * Expands a command or an argument, and leaves other uses of `$` alone.
 * @param {string} text
 * @param {Variable} variable
 */
function expandInCommand(text, variable) {
  const isExpanded = text.startsWith(DIRECT) || placeholders(text, 'any').next().done === false
  return isExpanded ? expand(text, variable) : text
}

/**
 * Expands the value of a variable in `env`, where a placeholder stands first. A value that is one
 * placeholder may be missing.
 * @param {string} text
 * @param {Variable} variable
 */
function expandInEnv(text, variable) {
  const alone = text.indexOf('}') === text.length - 1 ? ALONE.exec(text) : null
  if (alone !== null) return variable(alone[1]) || text.slice(alone[0].length, -1)
  return text.startsWith('$') ? expand(text, variable) : text
}

/** @param {string[]} names @returns {never} */
function missing(names) {
  throw new MissingVariables(names)
}

module.exports = { MissingVariables, expand, expandInCommand, expandInEnv, expandKnown }
