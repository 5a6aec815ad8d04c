import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { Allowance } from '../bench/support/allowance.mjs'

const suites = readdirSync(new URL('../bench/suites', import.meta.url)).map((file) =>
  file.replace('.mjs', ''),
)

test('a single suite gets all rounds, also on a slow machine', () => {
  assert.equal(new Allowance(['scan'], 3).rounds(), 10)
})

test('a slower machine gives each suite fewer rounds, but at least one', () => {
  const rounds = [0.5, 1, 1.5, 100].map((slowness) => new Allowance(suites, slowness).rounds())
  assert.deepEqual(rounds, [10, 5, 2, 2])
})

test('later suites get the time that earlier suites left', () => {
  const after = (seconds) => {
    const allowance = new Allowance(suites, 1)
    allowance.spend('limiter', seconds)
    return allowance.rounds()
  }
  assert.ok(after(10) > after(200))
})
