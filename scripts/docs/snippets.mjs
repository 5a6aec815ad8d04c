// The fenced blocks of a document.

/**
 * @typedef {object} Snippet
 * @property {string} document
 * @property {number} line - of the first line of its text
 * @property {string} language
 * @property {string} [file] - the name that stands after the language
 * @property {string} text
 */

const BLOCK = /^```(\w+)(?: (.+))?\n([\s\S]*?)^```$/gm

/**
 * Returns the blocks with a language, from top to bottom.
 * @param {string} document
 * @param {string} text
 * @returns {Snippet[]}
 */
export function snippetsOf(document, text) {
  return [...text.matchAll(BLOCK)].map(({ 1: language, 2: file, 3: body, index }) => ({
    ...{ document, language, file, text: body },
    line: text.slice(0, index).split('\n').length + 1,
  }))
}

/** Returns the commands of procward that a document names. @param {string} text */
export function commandsIn(text) {
  return [...text.matchAll(/\bnpx procward (\w+)/g)].map(([, command]) => command)
}
