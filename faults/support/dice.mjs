// Choices that a seed decides.

import { randomFrom } from '../../__test__/fixtures/random.mjs'

/** @typedef {ReturnType<typeof diceFrom>} Dice */

/** @param {number} seed */
export function diceFrom(seed) {
  const random = randomFrom(seed)
  const below = (/** @type {number} */ limit) => Math.floor(random() * limit)
  return {
    /** @template T @param {T[]} choices */
    one: (choices) => choices[below(choices.length)],
    /** @param {number} least @param {number} most */
    within: (least, most) => least + below(most - least + 1),
  }
}
