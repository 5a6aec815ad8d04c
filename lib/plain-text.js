'use strict'

// Untrusted text as one line that a terminal or a page may show.

const { stripVTControlCharacters } = require('node:util')

/** Longer ones are no names. */
const LONGEST = 200
/**
 * Controls, line ends, and marks that change the direction or take no room: they could show
 * something else than there is.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu

/**
 * Returns an untrusted value as one short line without control sequences of terminals.
 * @param {unknown} value
 * @param {number} [longest]
 */
function plain(value, longest = LONGEST) {
  const text = stripVTControlCharacters(String(value)).replace(UNSEEN, '')
  const characters = [...text]
  return characters.length <= longest ? text : `${characters.slice(0, longest - 3).join('')}...`
}

module.exports = { plain }
