'use strict'

// The reason for which a process has not started yet.

const native = require('../native')

/**
 * Returns the reason for which the next process of a server has not started yet: the machine's
 * `memory` or `cpu`, if its start waits for that, or its `start` itself.
 * @param {string} server
 * @returns {'start' | 'memory' | 'cpu'}
 */
function whyNotStarted(server) {
  const cause = native.gateStatus()?.limitedBy
  if (cause !== 'memory' && cause !== 'cpu') return 'start'
  const learnt = native.gateLearnt().find((learnt) => learnt.server === server)
  return learnt !== undefined && learnt.waiting > 0 ? cause : 'start'
}

module.exports = { whyNotStarted }
