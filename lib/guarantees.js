'use strict'

const { usesWarden } = require('./config')
const { errnoName } = require('./errors')
const native = require('./native')

/**
 * The effect on the guarantee of each thing that a system lacks.
 * @type {Record<import('../index').Lack['code'], string>}
 */
const EFFECTS = {
  warden:
    'no warden can work here, so that only this server ends its trees, ' +
    'and what it leaves, its next start ends',
  proc:
    '/proc is not mounted: trees end, but there are no scans, ' +
    'and nothing is found that a killed warden left behind',
  own_proc:
    '/proc belongs to another PID namespace: trees end, but there are no scans, ' +
    'and nothing is found that a killed warden left behind',
  other_users: "/proc hides other users' processes: scans see and judge this user's alone",
  pidfd:
    'pidfd_open or pidfd_send_signal is not there or forbidden: ' +
    'a scanned process is signalled by its pid, just after a look at it',
}

/** @type {typeof import('../index').getGuarantees} */
function getGuarantees() {
  const { missing, ...found } = native.guarantees(usesWarden())
  return { platform: process.platform, ...found, missing: missing.map(lack) }
}

/** @param {import('../binding').Lacking} lacking @returns {import('../index').Lack} */
function lack({ code, errno }) {
  const cause = errno === undefined ? '' : ` (${errnoName(errno) ?? `error ${errno}`})`
  return { code, message: `${EFFECTS[code]}${cause}` }
}

module.exports = { getGuarantees }
