import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IterableWeakSet } from '../lib/iterable-weak-set.js'
import { collectUntil } from './support/garbage.mjs'

test('held objects stay, and collected objects take no memory', async () => {
  const set = new IterableWeakSet()
  const held = [{ name: 1 }, { name: 2 }]
  set.add(held[0])
  for (let at = 0; at < 1000; at++) set.add({})
  set.add(held[1])
  assert.equal(set.size, 1002)
  assert.ok(await collectUntil(() => set.size === 2))
  assert.deepEqual([...set], held)
})
