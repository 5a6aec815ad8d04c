'use strict'

// The packages are loaded when a file needs them: most configurations are plain JSON.

/** JSON as mcporter takes it: with comments and trailing commas. @param {string} text @returns {unknown} */
function parseJson(text) {
  try {
    return JSON.parse(text)
  } catch {
    const { parse, printParseErrorCode } = require('jsonc-parser')
    /** @type {import('jsonc-parser').ParseError[]} */
    const errors = []
    const value = parse(text, errors, { allowTrailingComma: true })
    if (errors.length === 0) return value
    const { error, offset } = errors[0]
    const line = text.slice(0, offset).split('\n').length
    throw new SyntaxError(`${printParseErrorCode(error)} in line ${line}`)
  }
}

/** @param {string} text @returns {Promise<unknown>} */
async function parseToml(text) {
  const { TomlError, parse } = await import('smol-toml')
  try {
    return parse(text)
  } catch (error) {
    // Its message quotes the lines around, which may hold a secret.
    if (error instanceof TomlError) throw new SyntaxError(`invalid TOML in line ${error.line}`)
    throw error
  }
}

/** @param {unknown} value @returns {value is Record<string, any>} */
function isRecord(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

module.exports = { isRecord, parseJson, parseToml }
