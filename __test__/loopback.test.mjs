// The two meanings of a host name of this machine: surely, and possibly.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import loopback from '../lib/loopback.js'

const { isLoopback, mayBeLoopback } = loopback

for (const [name, surely, possibly] of [
  ['localhost', true, true],
  ['127.0.0.1', true, true],
  ['127.255.255.254', true, true],
  ['::1', true, true],
  ['[::1]', true, true],
  ['localhost.', false, true],
  ['a.localhost', false, true],
  ['127.0.0.1.', false, true],
  ['0.0.0.0', false, true],
  ['[::]', false, true],
  ['[::ffff:7f00:1]', false, true],
  ['128.0.0.1', false, false],
  ['127.example', false, false],
  ['localhost.example', false, false],
  ['notlocalhost', false, false],
  ['[::2]', false, false],
  ['[fe80::1]', false, false],
  ['', false, false],
])
  test(`${JSON.stringify(name)}: ${surely}, ${possibly}`, () => {
    assert.deepEqual([isLoopback(name), mayBeLoopback(name)], [surely, possibly])
  })
