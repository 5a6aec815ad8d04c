// A few rounds of `fuzz/configuration.mjs`, always the same ones.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, mutated } from '../fuzz/configuration-cases.mjs'
import { randomFrom } from './fixtures/random.mjs'

test('reading any files gives servers and problems', async () => {
  for (let seed = 1; seed <= 400; seed++) {
    const problem = await judge(mutated(randomFrom(seed))).catch((error) => error.stack)
    assert.equal(problem, undefined, `node fuzz/configuration.mjs --rounds 1 --seed ${seed}`)
  }
})
