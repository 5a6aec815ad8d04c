// Who comes when: in another order each round, because who comes second finds the machine as the
// first has left it.

/** @template T @param {readonly T[]} values @returns {T[]} */
export function shuffled(values) {
  return values
    .map((value) => ({ value, at: Math.random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ value }) => value)
}
