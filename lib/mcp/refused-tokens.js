'use strict'

/** Milliseconds for which the refusal of a token brings no other one. */
const PAUSE = 10_000

/** The latest access token that each server refused. */
class RefusedTokens {
  /** @type {Map<string, { accessToken: string, at: number }>} */
  #latest = new Map()

  /** @param {string} server */
  of(server) {
    return this.#latest.get(server)?.accessToken
  }

  /**
   * Notes a refused token. Returns whether to get another one: not if the server refused a token
   * just before, because it may refuse any.
   * @param {string} server
   * @param {string} accessToken
   */
  note(server, accessToken) {
    const before = this.#latest.get(server)
    if (before !== undefined && Date.now() < before.at + PAUSE) return false
    this.#latest.set(server, { accessToken, at: Date.now() })
    return true
  }
}

module.exports = { RefusedTokens }
