'use strict'

// Compares an installed version with the one that npx would run.

/**
 * Returns whether npx would take an installed version outside its cache.
 * @param {string} installed
 * @param {string} wanted
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

/** Returns whether a version is a tag, such as `latest`. @param {string} wanted */
function isTag(wanted) {
  return wanted !== '' && require('semver').validRange(wanted) === null
}

module.exports = { isExact, isTag, satisfies }
