import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import projection from '../lib/mcporter/projection.js'
import { RESULTS, WHOLE } from './fixtures/results.mjs'

describe('of a result', () => {
  for (const [name, result, expected] of RESULTS) {
    test(name, () => {
      // As it comes from a server: without what JSON can't hold.
      const raw = JSON.parse(JSON.stringify(result))
      const sent = structuredClone(raw)
      assert.deepEqual(projection.project(raw), expected === WHOLE ? raw : expected)
      assert.deepEqual(raw, sent, 'the result itself stays as it is')
    })
  }
})
