'use strict'

// The environment's defaults, as a server with the same environment would find them.

const config = require('../../config')
const { counted, duration } = require('../text')
const { fail, ok, warn } = require('./check')

/** @type {(() => unknown)[]} */
const READERS = [
  config.maxConcurrent,
  config.memoryBudget,
  config.limitLease,
  config.limitFolder,
  config.poolSize,
  config.cleanupInterval,
  config.processMaxAge,
  config.cleanupScope,
  config.callTimeout,
  config.listTimeout,
  config.usesWarden,
  config.maxChildren,
  config.announces,
]

/** @returns {import('./check').Check[]} */
function environmentChecks() {
  const problems = READERS.flatMap((read) => {
    try {
      read()
      return []
    } catch (error) {
      return [fail('environment', /** @type {Error} */ (error).message)]
    }
  })
  if (problems.length > 0) return problems
  const scope = config.cleanupScope()
  const timeout = duration(config.callTimeout())
  const limit = config.maxConcurrent()
  const atOnce = limit === 'auto' ? 'as many calls as the machine takes' : counted(limit, 'call')
  const calls = `${atOnce} at once, ${timeout} each`
  const maxAge = duration(config.processMaxAge())
  const cleanup = `cleanup every ${duration(config.cleanupInterval())} of what is older than ${maxAge}`
  const message = `${calls}; ${cleanup}, scope ${scope}`
  if (!config.REACHES_STRANGERS[scope]) return [ok('environment', message)]
  return [
    warn(
      'environment',
      `${message}: that ends every old Node.js process of this user, editors included`,
    ),
  ]
}

module.exports = { environmentChecks }
