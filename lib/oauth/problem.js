'use strict'

/**
 * The way to a token that procward could not get:
 * - `mcporter`: a process of mcporter may get one
 * - `sign-in`: a person has to sign in
 * - `none`: no other program may try, or none can
 * @typedef {'mcporter' | 'sign-in' | 'none'} Remedy
 */

/** The error of a token that cannot be got. The message never quotes a secret. */
class NoToken extends Error {
  /** @param {string} message @param {Remedy} [remedy] */
  constructor(message, remedy = 'mcporter') {
    super(message)
    this.remedy = remedy
  }
}

/**
 * Says in words why there is no token. Foreign errors may quote anything, so only their code is
 * shown.
 * @param {any} error
 * @param {string} [what]
 */
function reasonOf(error, what = 'could not be had') {
  if (error instanceof NoToken) return error.message
  if (error?.name === 'TimeoutError') return 'the authorization server did not answer in time'
  const code = error?.code ?? error?.cause?.code
  return `the token ${what}${typeof code === 'string' ? `: ${code}` : ''}`
}

module.exports = { NoToken, reasonOf }
