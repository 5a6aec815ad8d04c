import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { layerBreaches } from '../scripts/lint/layers.mjs'

/** @param {Record<string, string>} files */
const breaches = (files) => layerBreaches(new Map(Object.entries(files)))

describe('the lint for layers', () => {
  test('an upward import in lib/ is a breach, also one on use', () => {
    assert.deepEqual(
      breaches({
        'lib/errors.js':
          "function late() {\n  return { ...require('./config'), ...require('./cli') }\n}",
        'lib/config.js': "const { codedError } = require('./errors')",
        'lib/cli/index.js': '',
      }).slice(0, 2),
      [
        'imports go down, but lib/errors.js imports lib/config.js',
        'imports go down, but lib/errors.js imports lib/cli/index.js',
      ],
    )
  })

  test('types are no imports', () => {
    const text = "/** @typedef {import('./config').Proxies} Proxies */"
    assert.deepEqual(breaches({ 'lib/errors.js': text, 'lib/config.js': '' }), [])
  })

  test('a circle in one folder of lib/ is a breach', () => {
    assert.deepEqual(
      breaches({
        'lib/mcp/a.js': "require('./b')",
        'lib/mcp/b.js': "import('./c.mjs')",
        'lib/mcp/c.mjs': "import { a } from './a.js'",
      }),
      ['imports form a circle: lib/mcp/a.js -> lib/mcp/b.js -> lib/mcp/c.mjs -> lib/mcp/a.js'],
    )
  })

  test('a module without a place in the chain is a breach', () => {
    const files = { 'lib/other.js': '', 'src/other.rs': '' }
    assert.deepEqual(breaches(files), [
      'lib/other.js has no place in scripts/lint/layers.mjs',
      'src/other.rs has no place in scripts/lint/layers.mjs',
    ])
  })

  test('an upward import in src/ is a breach, in a group and in code', () => {
    assert.deepEqual(
      breaches({
        'src/metrics.rs':
          'use std::{fmt, io};\nuse crate::{error::Error, pool::{state::State, Pool}};',
        'src/error.rs': 'fn f() -> super::process::Pid { todo!() }',
        'src/pool.rs': 'mod state;\npub use state::State;',
        'src/pool/state.rs': 'pub struct State;',
        'src/process/mod.rs': 'pub struct Pid;',
      }),
      [
        'imports go down, but src/metrics.rs imports src/error.rs',
        'imports go down, but src/metrics.rs imports src/pool/state.rs',
        'imports go down, but src/metrics.rs imports src/pool.rs',
        'imports go down, but src/error.rs imports src/process/mod.rs',
      ],
    )
  })

  test('a circle of a module and its child in src/ is a breach', () => {
    assert.deepEqual(
      breaches({
        'src/pool.rs': 'mod state;\nuse state::State;\npub struct Pool;',
        'src/pool/state.rs': 'use super::Pool;',
      }),
      ['imports form a circle: src/pool.rs -> src/pool/state.rs -> src/pool.rs'],
    )
  })

  test('a parent that only declares and re-exports its children forms no circle', () => {
    assert.deepEqual(
      breaches({
        'src/pool.rs': 'mod lease;\nmod state;\npub use {lease::Lease, state::{State, Slot}};',
        'src/pool/lease.rs': 'use super::{Slot, state::State};',
        'src/pool/state.rs': 'pub struct State; pub struct Slot;',
      }),
      [],
    )
  })

  test('unit tests and comments in src/ import what they like', () => {
    assert.deepEqual(
      breaches({
        'src/error.rs':
          '/// As `crate::pool::Pool`.\n#[cfg(test)]\nmod tests {\n  use crate::pool::Pool;\n}',
        'src/pool.rs': 'pub struct Pool;',
        'src/pool/tests.rs': 'use crate::bindings::X;',
        'src/bindings/mod.rs': '',
      }),
      [],
    )
  })
})
