// What the rounds gave, by what was done, with how many, and who did it.

import { median, pairedRatios, summary } from '../statistics.mjs'

const OURS = 'procward'

/** The order of the report's columns. @param {string[]} names */
export function collected(names) {
  const place = (name) => names.indexOf(name)
  /** @type {Map<string, Record<string, Record<string, number>[]>>} */
  const found = new Map()
  const rounds = (scenario, size) => found.get(`${scenario} ${size}`) ?? {}
  const values = (scenario, size, kind, name) =>
    rounds(scenario, size)[name].map((figures) => figures[kind])
  return {
    add(scenario, size, name, figures) {
      const all = rounds(scenario, size)
      all[name] = [...(all[name] ?? []), figures]
      found.set(`${scenario} ${size}`, all)
    },
    /** @param {string} scenario @param {number} size @param {string} kind @param {string} name */
    median: (scenario, size, kind, name) => median(values(scenario, size, kind, name)),
    /**
     * What it took altogether, at each size.
     * @param {string} scenario
     * @param {string} kind
     * @param {string} name
     */
    totals(scenario, kind, name) {
      const sizes = [...found.keys()]
        .filter((key) => key.startsWith(`${scenario} `))
        .map((key) => +key.split(' ')[1])
      const own = sizes.filter((size) => name in rounds(scenario, size))
      return own.map((size) => ({ size, total: median(values(scenario, size, kind, name)) * size }))
    },
    /** One line of the report. */
    figure(scenario, size, kind, what, unit) {
      const names = Object.keys(rounds(scenario, size)).sort(
        (one, other) => place(one) - place(other),
      )
      const peers = names.map((name) => [name, summary(values(scenario, size, kind, name))])
      return { what, unit, peers: Object.fromEntries(peers) }
    },
    /** Ours as a part of another's, which should not be more than `most`. */
    atMost(kind, scenario, size, what, peer, most) {
      const spread = pairedRatios(
        values(scenario, size, kind, OURS),
        values(scenario, size, kind, peer),
      )
      const is = spread.median
      return {
        what: `${what}, of ${peer}`,
        is,
        spread,
        target: `at most ${most}x`,
        met: is <= most,
      }
    },
  }
}
