'use strict'

// A command as a list of words: mcporter takes it as one text too, with quotes as in a shell but
// nothing else of one.

const { expandHome, pathOf } = require('./places')

/** @typedef {import('./places').Places} Places */

/**
 * @param {import('./schema').Entry} entry
 * @param {string} folder
 * @param {Places} places
 * @returns {Promise<string[] | undefined>}
 */
async function commandOf({ command: first, executable, args = [] }, folder, places) {
  const command = first ?? executable
  if (Array.isArray(command)) return command.length === 0 ? undefined : command
  if (typeof command !== 'string' || command === '') return undefined
  if (args.length > 0) return [command, ...args]
  if (await isOneFile(command, folder, places)) return [command]
  const [name, ...rest] = words(command)
  return name === undefined ? undefined : [name, ...rest]
}

/**
 * A path with a space in it.
 * @param {string} command
 * @param {string} folder
 * @param {Places} places
 */
async function isOneFile(command, folder, places) {
  const name = command.trim()
  if (!name.includes(' ') || !/^([A-Za-z]:[\\/]|~?\/|\.\.?\/)/.test(name)) return false
  return places.files.isFile(pathOf(places).resolve(folder, expandHome(name, places)))
}

/** @param {string} text */
function words(text) {
  const all = []
  let word = ''
  let quote = ''
  let isEscaped = false
  for (const letter of text.trim()) {
    if (isEscaped) {
      word += letter
      isEscaped = false
    } else if (letter === '\\') {
      isEscaped = true
    } else if (letter === quote) {
      quote = ''
    } else if (quote === '' && (letter === '"' || letter === "'")) {
      quote = letter
    } else if (letter !== ' ' || quote !== '') {
      word += letter
    } else {
      all.push(word)
      word = ''
    }
  }
  return [...all, isEscaped ? `${word}\\` : word].filter((each) => each !== '')
}

module.exports = { commandOf, words }
