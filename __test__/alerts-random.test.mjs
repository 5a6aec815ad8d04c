// What holds for alerts whatever the samples are.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { alertRules } from '../lib/alerts/rules.js'
import { randomFrom } from './fixtures/random.mjs'
import { active, available, evaluate, every5, INITIAL, QUIET, START } from './support/samples.mjs'

describe('random values', () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    test(`alerts are raised and resolved in turn (seed ${seed})`, () => {
      const random = randomFrom(seed)
      const within = (most) => Math.floor(random() * most)
      const rules = alertRules(
        { processes: { keep: 0 }, queue: { for: 10_000, keep: 10_000 }, kills: { window: 20_000 } },
        5,
      )
      const counters = { calls: 0, failures: 0, queueTimeouts: 0, kills: 0 }
      const raised = new Set()
      let state = INITIAL
      let time = START
      let turns = 0
      for (let at = 0; at < 5000; at++) {
        time += random() < 0.02 ? within(120_000) - 60_000 : 5000
        for (const name of Object.keys(counters))
          counters[name] = random() < 0.01 ? 0 : counters[name] + within(4)
        const sample = {
          ...QUIET,
          ...counters,
          ...available(random() * 30),
          time,
          processes: within(9),
          queued: within(5),
        }
        const result = evaluate(state, sample, rules)
        state = result.state
        for (const alert of result.raised) {
          assert.ok(!raised.has(alert.name) && alert.value > alert.threshold, alert.message)
          raised.add(alert.name)
          turns++
        }
        for (const alert of result.resolved) {
          assert.ok(
            raised.delete(alert.name) && alert.value <= rules.get(alert.name).clear,
            alert.message,
          )
          assert.equal(alert.resolvedAt, time)
        }
        assert.deepEqual(new Set(active(state).map(({ name }) => name)), raised)
      }
      assert.ok(turns > 100)
    })
  }
})

test('evaluate() does not change its arguments', () => {
  const freeze = (value) => {
    for (const inner of value instanceof Map ? value.values() : Object.values(value ?? {})) {
      if (typeof inner === 'object' && inner !== null) freeze(inner)
    }
    return Object.freeze(value)
  }
  let state = freeze(evaluate(INITIAL, { ...QUIET, time: START }, alertRules({}, 5)).state)
  for (const [second, values] of every5(5, 100, { processes: 6, queued: 3, kills: 6 })) {
    const sizes = [state.ruleStates.size, state.counted.length]
    const after = evaluate(
      state,
      Object.freeze({ ...QUIET, ...values, time: START + second * 1000 }),
      alertRules({}, 5),
    )
    assert.deepEqual([state.ruleStates.size, state.counted.length], sizes)
    state = freeze(after.state)
  }
})

test('a year of samples takes no more memory than an hour', () => {
  const rules = alertRules({ kills: { window: 3_600_000 } }, 5)
  let state = INITIAL
  for (let at = 0; at < 3000; at++)
    state = evaluate(state, { ...QUIET, kills: at, time: START + at * 5000 }, rules).state
  assert.equal(state.counted.length, 720)
})
