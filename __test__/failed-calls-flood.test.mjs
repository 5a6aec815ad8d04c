// The failed calls that are kept when calls fail by the hundred.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import failed from '../lib/metrics/failed-calls.js'

function note(code, server = 'asana', tool = 'list') {
  failed.noteFailedCall({ server, tool }, { code, message: '' }, 1)
}

function kept(code) {
  return failed.failedCalls().filter((call) => call.code === code)
}

test('a flood of queue timeouts leaves the failures before it', () => {
  for (let at = 0; at < 22; at++) note('ERR_CAUSE')
  for (let at = 0; at < 300; at++) note('ERR_QUEUE_TIMEOUT', `server ${at % 69}`)
  assert.deepEqual([kept('ERR_CAUSE').length, kept('ERR_QUEUE_TIMEOUT').length], [22, 28])
  assert.equal(kept('ERR_QUEUE_TIMEOUT')[0].server, `server ${299 % 69}`)
  note('ERR_AFTER')
  assert.equal(failed.failedCalls()[0].code, 'ERR_AFTER')
  assert.deepEqual([kept('ERR_CAUSE').length, kept('ERR_QUEUE_TIMEOUT').length], [22, 27])
})

test('a flood of one tool leaves a failure of another tool with the same code', () => {
  for (let at = 0; at < 60; at++) note('ERR_FLOOD', 'one')
  note('ERR_FLOOD', 'two')
  for (let at = 0; at < 60; at++) note('ERR_FLOOD', 'one')
  assert.equal(kept('ERR_FLOOD').filter(({ server }) => server === 'two').length, 1)
})

test('codes by the hundred leave the latest, newest first', () => {
  for (let at = 0; at < 200; at++) note(`ERR_${at}`)
  const codes = failed.failedCalls().map(({ code }) => code)
  const latest = Array.from({ length: 50 }, (_, at) => `ERR_${199 - at}`)
  assert.deepEqual(codes, latest)
})
