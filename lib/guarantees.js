'use strict'

const { usesWarden } = require('./config')
const native = require('./native')

/** What holds process trees together here, now that the environment says what it says. */
function getGuarantees() {
  return { platform: process.platform, ...native.guarantees(usesWarden()) }
}

module.exports = { getGuarantees }
