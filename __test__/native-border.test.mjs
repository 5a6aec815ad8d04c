// The addon refuses a word or a number that it does not know, instead of taking a default.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import native from '../lib/native.js'

const scanner = { interval: 1000, maxAge: 1000, killGrace: 1000, allow: [] }
const unknown = { code: 'InvalidArg', message: /does not match any variant of enum/ }

test('a scope that the addon does not know is refused', () => {
  assert.throws(() => new native.NativeScanner({ ...scanner, scope: 'galaxy' }), unknown)
  assert.throws(() => new native.NativeScanner(scanner), { code: 'InvalidArg' })
})

test('an outcome or a rejection that the addon does not know is refused', () => {
  assert.throws(() => native.metricsRecordCall(0, 99, 1), unknown)
  assert.throws(() => native.metricsRecordRejection(99), unknown)
})

test('a reason to terminate that the addon does not know is refused', () => {
  assert.throws(() => new native.ProcessCall().terminate('boredom'), unknown)
})
