'use strict'

// mcporter's placeholders: ${NAME} and ${NAME:-default} anywhere in a text, $env:NAME as all of it.

/** @typedef {(name: string) => string | undefined} Variable */

const DIRECT = '$env:'
const ANYWHERE = /\\?\$\{([A-Za-z_]\w*)(?::-(.*?))?\}/g
const ALONE = /^\$\{([A-Za-z_]\w*)(?::-|:|-)?([^}]*)\}$/
const IN_COMMAND = /\$\{[A-Za-z_]\w*(?::-[^}]*)?\}/

/** Variables that a configuration needs and that are not set. */
class MissingVariables extends Error {
  /** @param {string[]} names */
  constructor(names) {
    super(
      `${names.length === 1 ? 'the environment variable' : 'the environment variables'} ${names.join(', ')} must be set`,
    )
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
  const expanded = text.replace(ANYWHERE, (placeholder, name, fallback) => {
    const value = variable(name)
    if (value) return value
    if (fallback !== undefined) return fallback
    if (value === undefined) unset.add(name)
    return value ?? placeholder
  })
  return unset.size === 0 ? expanded : missing([...unset].sort())
}

/** As `expand`, but what is missing stays as it stands. @param {string} text @param {Variable} variable */
function expandKnown(text, variable) {
  try {
    return expand(text, variable)
  } catch (error) {
    if (error instanceof MissingVariables) return text
    throw error
  }
}

/** A command or one of its arguments: other uses of `$` are its own. @param {string} text @param {Variable} variable */
function expandInCommand(text, variable) {
  return text.startsWith(DIRECT) || IN_COMMAND.test(text) ? expand(text, variable) : text
}

/** The value of a variable in `env`: there a placeholder stands first, and one alone may be missing. @param {string} text @param {Variable} variable */
function expandInEnv(text, variable) {
  const alone = ALONE.exec(text)
  if (alone !== null) return variable(alone[1]) || alone[2]
  return text.startsWith('$') ? expand(text, variable) : text
}

/** @param {string[]} names @returns {never} */
function missing(names) {
  throw new MissingVariables(names)
}

module.exports = { MissingVariables, expand, expandInCommand, expandInEnv, expandKnown }
