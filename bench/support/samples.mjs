// What many rounds measured: by figure, and by whose it is.

import { summary } from './statistics.mjs'

export class Samples {
  /** @type {Record<string, Record<string, number[]>>} */
  #values = {}
  #peers

  /**
   * @param {readonly string[]} peers
   *   in the order of the report's columns, whoever is measured first
   */
  constructor(peers) {
    this.#peers = peers
  }

  /**
   * Those that a program printed: JSON has no infinity.
   * @param {Record<string, Record<string, (number | null)[]>>} printed
   */
  static from(printed) {
    const samples = new Samples([...new Set(Object.values(printed).flatMap(Object.keys))])
    for (const [what, peers] of Object.entries(printed)) {
      for (const [peer, values] of Object.entries(peers)) {
        for (const value of values) samples.add(what, peer, value ?? Infinity)
      }
    }
    return samples
  }

  /** @param {string} what @param {string} peer @param {number} value */
  add(what, peer, value) {
    this.#values[what] ??= {}
    this.#values[what][peer] ??= []
    this.#values[what][peer].push(value)
  }

  /** @param {string} what @param {string} peer */
  summary(what, peer) {
    return summary(this.#values[what][peer])
  }

  /**
   * How many times as much, round by round, because what disturbs a round disturbs both.
   * @param {string} what
   * @param {string} over
   * @param {string} under
   */
  ratio(what, over, under) {
    const { [over]: ours, [under]: theirs } = this.#values[what]
    return summary(ours.map((value, round) => value / theirs[round]))
  }

  /** A row of the report. @param {string} what @param {string} unit */
  figure(what, unit) {
    const peers = Object.entries(this.#ordered(what)).map(([peer, values]) => [
      peer,
      summary(values),
    ])
    return { what, unit, peers: Object.fromEntries(peers) }
  }

  toJSON() {
    return Object.fromEntries(Object.keys(this.#values).map((what) => [what, this.#ordered(what)]))
  }

  /** @param {string} what @returns {Record<string, number[]>} */
  #ordered(what) {
    const values = this.#values[what]
    return Object.fromEntries(
      this.#peers.filter((peer) => peer in values).map((peer) => [peer, values[peer]]),
    )
  }
}
