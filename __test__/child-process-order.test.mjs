// The exit of a guarded child comes where Node.js reports the exit: after the events of streams.

import assert from 'node:assert/strict'
import node from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, mock, test } from 'node:test'
import ours from 'procward/child_process'
import { nothingLeft } from './support/processes.mjs'

const skip = process.platform === 'linux' ? false : 'children are guarded on Linux'

describe('the exit of a child', { skip }, () => {
  afterEach(nothingLeft)

  test('is reported while a test fakes the immediates', { timeout: 60_000 }, async () => {
    mock.timers.enable({ apis: ['setImmediate'] })
    try {
      assert.deepEqual(await once(ours.spawn('true'), 'exit'), [0, null])
    } finally {
      mock.timers.reset()
    }
  })

  test('comes after the data that the loop has at hand', async () => {
    assert.deepEqual(await exitAndLaterData(node), ['data', 'exit'])
    assert.deepEqual(await exitAndLaterData(ours), ['data', 'exit'])
  })
})

/**
 * Returns the events of a child that exits and of another that writes later, in their order. The
 * loop is blocked until both have happened.
 * @param {Pick<typeof node, 'spawn'>} api
 */
async function exitAndLaterData({ spawn }) {
  const folder = mkdtempSync(join(tmpdir(), 'procward-order-'))
  try {
    /** @type {string[]} */
    const events = []
    const exiting = spawn('sh', ['-c', ': > "$0/ended"', folder])
    const after = 'until [ -e "$0/ended" ]; do sleep 0.05; done'
    const writing = spawn('sh', ['-c', `${after}; sleep 0.5; echo data; : > "$0/told"`, folder])
    exiting.once('exit', () => events.push('exit'))
    writing.stdout.once('data', () => events.push('data'))
    const closed = [exiting, writing].map((child) => once(child, 'close'))
    const cell = new Int32Array(new SharedArrayBuffer(4))
    while (!existsSync(join(folder, 'told'))) Atomics.wait(cell, 0, 0, 10)
    await Promise.all(closed)
    return events
  } finally {
    rmSync(folder, { recursive: true })
  }
}
