// Results of many MiB.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { said, withHostile } from './support/hostile.mjs'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'

const MIB = 2 ** 20
const ROUNDS = 5

afterEach(assertNothingLeft)

/**
 * The longest time in ms for which nothing else could be done while this was.
 * @param {() => Promise<unknown>} work
 */
async function longestGap(work) {
  let longest = 0
  let last = performance.now()
  const look = () => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }
  const timer = setInterval(look, 1)
  await work()
  look()
  clearInterval(timer)
  return longest
}

describe('a result of 10 MiB', { skip: noProcessList }, () => {
  test('arrives, and blocks the event loop about as long as its parsing', (t) =>
    withHostile(
      '',
      async (pool) => {
        const result = await pool.callTool('it', 'big', { bytes: 10 * MIB })
        assert.equal(said(result).length, 10 * MIB)
        const text = JSON.stringify(result)
        const bytes = Buffer.from(text)
        for (let round = 0; round < ROUNDS; round++) {
          const received = await longestGap(() => pool.callTool('it', 'big', { bytes: 10 * MIB }))
          const parsed = await longestGap(async () => JSON.parse(text))
          const read = await longestGap(async () => JSON.parse(String(bytes)))
          const shown = [received, read, parsed].map((gap) => `${gap.toFixed(1)} ms`)
          t.diagnostic(
            `longest gap ${shown[0]}; of JSON.parse ${shown[1]} from bytes, ${shown[2]} from a string`,
          )
        }
      },
      { maxBuffer: 16 * MIB },
    ))

  test('above the limit neither arrives nor stays in memory', () =>
    withHostile('', async (pool) => {
      await assert.rejects(pool.callTool('it', 'big', { bytes: 10 * MIB }), {
        code: 'ERR_MAX_BUFFER',
      })
      assert.equal(said(await pool.callTool('it', 'big', { bytes: 9 * MIB })).length, 9 * MIB)
    }))

  test('arguments of the same size arrive too', () =>
    withHostile(
      '',
      async (pool) => {
        const text = 'ü'.repeat(5 * MIB)
        assert.equal(said(await pool.callTool('it', 'echo', { text })), text)
      },
      { maxBuffer: 16 * MIB },
    ))
})
