'use strict'

// Reasons for which no program can be started or no request be sent, before it is tried. A reason
// names the place, never the value, which may be a secret. It begins after the name of the field:
// `.PORT must be ...`.

const MAX_NAME = 100
const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/
const BLANK = new Set('\t\n\r ')
/** The values that HTTP/1.1 and `fetch` allow: Latin-1 without control characters. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Checks a command, an argument or a folder. @param {string} text */
function textProblem(text) {
  return text.includes('\0') ? ' must not have a null byte' : undefined
}

/**
 * Finds a variable that no system can give to a process.
 * @param {Record<string, string | undefined>} env
 */
function environmentProblem(env) {
  for (const [name, value] of Object.entries(env)) {
    if (name.includes('\0')) return `${member(name)} must have a name without null bytes`
    if (value?.includes('\0')) return `${member(name)} must not have a null byte`
  }
  return undefined
}

/**
 * Finds a name that means another variable to a process, or none.
 * @param {Record<string, unknown>} env
 */
function variableNameProblem(env) {
  for (const name of Object.keys(env)) {
    if (name === '') return ' must not have a variable without a name'
    // Windows has names that begin with "=".
    if (name.includes('=', 1)) return `${member(name)} must have a name without "="`
  }
  return undefined
}

/** @param {Record<string, string>} headers */
function headersProblem(headers) {
  for (const [name, value] of Object.entries(headers)) {
    if (!HEADER_NAME.test(name))
      return `${member(name.split(/[\s:]/, 1)[0])} must have the name of an HTTP header`
    if (!HEADER_VALUE.test(headerValue(value))) {
      return `${member(name)} must not have a line break, a control character or one beyond Latin-1`
    }
  }
  return undefined
}

/**
 * Trims a header's value as `fetch` does: a token read from a file often ends with a line break.
 * @param {string} value
 */
function headerValue(value) {
  let [start, end] = [0, value.length]
  while (start < end && BLANK.has(value[start])) start++
  while (start < end && BLANK.has(value[end - 1])) end--
  return value.slice(start, end)
}

/** @param {Record<string, string>} headers @returns {Record<string, string>} */
function sentHeaders(headers) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, headerValue(value)]),
  )
}

/** @param {string} url */
function urlProblem(url) {
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined
  return protocol === 'http:' || protocol === 'https:'
    ? undefined
    : ' must be an http: or https: URL'
}

/**
 * A property in an error. The part after a "=" may be a value in the wrong place.
 * @param {string} name
 */
function member(name) {
  const [shown] = name.split('=', 1)
  if (/^[A-Za-z_][\w-]{0,99}$/.test(shown)) return `.${shown}`
  return `[${JSON.stringify(shown.length > MAX_NAME ? `${shown.slice(0, MAX_NAME)}…` : shown)}]`
}

module.exports = {
  environmentProblem,
  headersProblem,
  member,
  sentHeaders,
  textProblem,
  urlProblem,
  variableNameProblem,
}
