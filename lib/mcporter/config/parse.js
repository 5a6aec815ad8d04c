'use strict'

// The packages are loaded when a file needs them: most configurations are plain JSON.

/** Words for jsonc-parser's names of mistakes. @type {Record<string, string>} */
const PROBLEMS = {
  InvalidSymbol: 'a word without quotes',
  InvalidNumberFormat: 'a malformed number',
  PropertyNameExpected: 'a name in quotes is missing',
  ValueExpected: 'a value is missing',
  ColonExpected: '":" is missing',
  CommaExpected: '"," is missing',
  CloseBraceExpected: '"}" is missing',
  CloseBracketExpected: '"]" is missing',
  EndOfFileExpected: 'more text after the end',
  InvalidCommentToken: 'a malformed comment',
  UnexpectedEndOfComment: 'a comment without an end',
  UnexpectedEndOfString: 'a text without its closing quote',
  UnexpectedEndOfNumber: 'an unfinished number',
  InvalidUnicode: '"\\u" without four hexadecimal digits',
  InvalidEscapeCharacter: '"\\" before a character that must not follow it',
  InvalidCharacter: 'a control character within a text',
}

/**
 * JSON as mcporter takes it, with comments and trailing commas, and with a byte order mark.
 * @param {string} text
 * @returns {unknown}
 */
function parseJson(text) {
  const plain = withoutMark(text)
  try {
    return JSON.parse(plain)
  } catch {
    return parseCommented(plain)
  }
}

/** @param {string} text @returns {unknown} */
function parseCommented(text) {
  refuseErrors(text)
  // jsonc-parser's own objects would take "__proto__" for their prototype.
  return JSON.parse(withoutComments(text))
}

/**
 * Throws the first error with its place. JSON.parse would quote the text, which may hold a secret.
 * @param {string} text
 */
function refuseErrors(text) {
  const { visit } = jsonc()
  const onError = (/** @type {number} */ error, /** @type {number} */ offset) => {
    const line = text.slice(0, offset).split('\n').length
    throw new SyntaxError(`${problemOf(error)} in line ${line}`)
  }
  try {
    visit(text, { onError }, { allowTrailingComma: true })
  } catch (error) {
    throw error instanceof RangeError ? new SyntaxError('it is nested too deeply') : error
  }
}

/**
 * Returns the words for a number of jsonc-parser's `ParseErrorCode`.
 * @param {number} error
 */
function problemOf(error) {
  const { printParseErrorCode } = jsonc()
  const name = /** @type {import('jsonc-parser').ParseErrorCode} */ (error)
  return PROBLEMS[printParseErrorCode(name)] ?? 'something unexpected'
}

/**
 * Returns the tokens alone, without the commas that end a list.
 * @param {string} text - one without errors
 */
function withoutComments(text) {
  const { SyntaxKind, createScanner } = jsonc()
  const scanner = createScanner(text, true)
  let plain = ''
  let isAfterComma = false
  for (let kind = scanner.scan(); kind !== SyntaxKind.EOF; kind = scanner.scan()) {
    const isEnd = kind === SyntaxKind.CloseBraceToken || kind === SyntaxKind.CloseBracketToken
    if (isAfterComma && !isEnd) plain += ','
    isAfterComma = kind === SyntaxKind.CommaToken
    if (!isAfterComma) plain += text.slice(scanner.getTokenOffset(), scanner.getPosition())
  }
  return plain
}

/** @returns {typeof import('jsonc-parser')} */
function jsonc() {
  return require('jsonc-parser')
}

/** @param {string} text @returns {Promise<unknown>} */
async function parseToml(text) {
  const { TomlError, parse } = await import('smol-toml')
  try {
    return parse(withoutMark(text))
  } catch (error) {
    // Its message quotes the lines around, which may hold a secret.
    if (error instanceof TomlError) throw new SyntaxError(`invalid TOML in line ${error.line}`)
    if (error instanceof RangeError) throw new SyntaxError('it is nested too deeply')
    throw error
  }
}

/** Editors on Windows write a byte order mark. @param {string} text */
function withoutMark(text) {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

module.exports = { parseJson, parseToml, withoutMark }
