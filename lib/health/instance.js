'use strict'

// The identity of this process among those that answer under one address: the workers of a cluster,
// or of pm2. Their answers must not be mixed.

const { randomBytes } = require('node:crypto')
const { errorReply } = require('./reply')

/** Differs between processes, also of several machines and after a restart. */
const instance = randomBytes(6).toString('hex')

/**
 * Returns the refusal of a request that asks for another process, or `undefined`.
 * @param {URLSearchParams} query
 */
function otherInstance(query) {
  const asked = query.get('instance')
  if (asked === null || asked === instance) return undefined
  return errorReply(409, 'ERR_OTHER_PROCESS', 'Another process of this server was asked for')
}

module.exports = { instance, otherInstance }
