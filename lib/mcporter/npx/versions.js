'use strict'

// Whether an installed version is the one that npx would run.

/**
 * Outside its cache npx takes what satisfies; a tag it looks up in the registry.
 * @param {string} installed @param {string} wanted
 */
function satisfies(installed, wanted) {
  if (wanted === '' || wanted === installed) return true
  const { satisfies, validRange } = require('semver')
  return validRange(wanted) !== null && satisfies(installed, wanted)
}

/** @param {string} wanted */
function isExact(wanted) {
  return /^\d/.test(wanted) && require('semver').valid(wanted) === wanted
}

/** Whether it is a tag, such as `latest`. @param {string} wanted */
function isTag(wanted) {
  return wanted !== '' && require('semver').validRange(wanted) === null
}

module.exports = { isExact, isTag, satisfies }
