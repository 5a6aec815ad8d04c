// One timer for all streams; here it passes when the test says so.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import events from '../lib/health/events.js'
import { eventsOf, subscribe } from './support/event-streams.mjs'
import { listen } from './support/http.mjs'
import { until } from './support/until.mjs'

/** @param {import('node:test').TestContext} t */
function ticker(t) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  return (times = 1) => {
    for (let at = 0; at < times; at++) t.mock.timers.tick(1000)
  }
}

describe('the ticker', () => {
  /** A stream of snapshots whose making is counted. */
  function counted(size = 0) {
    const health = { activeProcesses: { count: 0, processes: [] } }
    const stream = new events.EventStream(() => {
      made.count++
      return {
        time: made.count,
        health,
        failedCalls: [],
        draining: false,
        filling: 'x'.repeat(size),
      }
    })
    const made = {
      count: 0,
      /** @type {import('node:http').ServerResponse[]} */
      responses: [],
      answer(_req, res) {
        made.responses.push(res)
        stream.add(res)
      },
      /** The timers of the next test do not know this one's. */
      over: () => until(() => made.responses.every((response) => response.closed)),
    }
    return made
  }

  test('is shared by all clients and stops without clients', async (t) => {
    const tick = ticker(t)
    const made = counted()
    const { port } = await listen(t, made.answer)
    const streams = await Promise.all([1, 2, 3].map(() => subscribe(port, '/')))
    assert.equal(made.count, 3, 'one for each beginning')
    tick(2)
    assert.equal(made.count, 5, 'and one a second for all')
    await until(() => streams.every((stream) => eventsOf(stream).length === 3))
    for (const stream of streams) stream.close()
    await until(() => {
      const before = made.count
      tick()
      return made.count === before
    })
    const again = await subscribe(port, '/')
    tick()
    await until(() => eventsOf(again).length === 2)
    again.close()
    await made.over()
  })

  test('writes a comment as a heartbeat', async (t) => {
    const tick = ticker(t)
    const made = counted()
    const { port } = await listen(t, made.answer)
    const stream = await subscribe(port, '/')
    tick(30)
    await until(() => eventsOf(stream).length === 31)
    assert.equal(stream.text.split('\n: heartbeat\n').length, 3)
    stream.close()
    await made.over()
  })

  test('drops a client that does not read, and no other', async (t) => {
    const tick = ticker(t)
    const made = counted(500_000)
    const { port } = await listen(t, made.answer)
    const { responses } = made
    const slow = await subscribe(port, '/')
    slow.response.pause()
    const reader = await subscribe(port, '/')
    await until(async () => {
      const seen = eventsOf(reader).length
      tick()
      await until(() => eventsOf(reader).length > seen)
      return responses[0].destroyed
    })
    assert.equal(responses[1].destroyed, false)
    slow.close()
    reader.close()
    await made.over()
  })
})
