import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { Allowance } from '../bench/support/allowance.mjs'

const suites = readdirSync(new URL('../bench/suites', import.meta.url)).map((file) =>
  file.replace('.mjs', ''),
)

test('one suite alone has all rounds, also on a slow machine', () => {
  assert.equal(new Allowance(['scan'], 3).rounds(), 10)
})

test('all suites have fewer, the slower the machine, but never none', () => {
  const rounds = [0.5, 1, 1.5, 100].map((slowness) => new Allowance(suites, slowness).rounds())
  assert.deepEqual(rounds, [10, 7, 3, 2])
})

test('what one took is missing for those after it, and what it left is theirs', () => {
  const after = (seconds) => {
    const allowance = new Allowance(suites, 1)
    allowance.spend('limiter', seconds)
    return allowance.rounds()
  }
  assert.ok(after(10) > after(200))
})
