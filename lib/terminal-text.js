'use strict'

// Texts of other programs without what would colour a terminal or move its cursor.

/**
 * Sequences for terminals: those with parameters, also cut off at the end of the text, those that
 * end with a terminator of their own, and short ones. Node.js's `stripVTControlCharacters` also
 * takes words between a colour and a bell.
 */
const SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*(?:[@-~]|$)|(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u0090-\u009f]*(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]*[0-~]/g

/** @param {string} text */
function withoutSequences(text) {
  return text.replace(SEQUENCE, '')
}

/**
 * Returns the lines of a text without sequences and control characters of terminals.
 * @param {string} text
 */
function readable(text) {
  return withoutSequences(text)
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, ' ')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

module.exports = { readable, withoutSequences }
