// The table of requests in flight, compared with a Map.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Waiting } from '../lib/mcp/waiting.js'

/** The same numbers in each run. */
function randomNumbers(seed) {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) % below
  }
}

test('each entry has a unique number and is found by it until its removal', () => {
  const random = randomNumbers(7)
  const waiting = new Waiting()
  const model = new Map()
  const gone = new Set()
  for (let step = 0; step < 20_000; step++) {
    // Waves of up to some hundred, with some that stay for long.
    const isComing = model.size === 0 || random(100) < (Math.floor(step / 500) % 2 === 0 ? 60 : 40)
    if (isComing) {
      const entry = { number: 0 }
      const number = waiting.add(entry)
      assert.equal(entry.number, number)
      assert.ok(!model.has(number) && !gone.has(number), `${number} was given out before`)
      model.set(number, entry)
    } else {
      const keys = [...model.keys()]
      const number = keys[random(10) === 0 ? random(keys.length) : keys.length - 1]
      waiting.delete(number)
      model.delete(number)
      gone.add(number)
      assert.equal(waiting.get(number), undefined)
    }
    assert.equal(waiting.size, model.size)
  }
  for (const [number, entry] of model) assert.equal(waiting.get(number), entry)
  for (const number of gone) assert.equal(waiting.get(number), undefined)
})
