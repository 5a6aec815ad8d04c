'use strict'

// The words of alerts' messages.

const NAME_LENGTH = 64

/** @param {number} count @param {string} one @param {string} [more] */
function many(count, one, more = `${one}s`) {
  return `${count} ${count === 1 ? one : more}`
}

/** @param {number} share */
function percent(share) {
  return `${Math.round(share * 1000) / 10}%`
}

/** @param {number} milliseconds */
function seconds(milliseconds) {
  return `${Math.round(milliseconds / 100) / 10} s`
}

/**
 * Makes a foreign name safe for a log line or a chat message.
 * @param {string} name
 */
function plain(name) {
  return name.replace(/[\p{C}\p{Z}]+/gu, ' ').slice(0, NAME_LENGTH)
}

module.exports = { many, percent, plain, seconds }
