// Alerts on their way to real receivers, good and bad, while tools are called.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { McpPool, off, on, startAlerts } from 'procward'
import { deadAddress, receiver } from './support/receivers.mjs'
import { until } from './support/until.mjs'
import { look, startClock, stopClock, watched } from './support/watched.mjs'

const SECRET = /hunter2|secret-path|127\.0\.0\.1|localhost/
const verbatim = fileURLToPath(new URL('fixtures/verbatim-server.mjs', import.meta.url))
const pool = new McpPool({ servers: { verbatim: { command: process.execPath, args: [verbatim] } } })

before(stopClock)
after(async () => {
  startClock()
  await pool.close()
})

/**
 * A watch with an alert on its way to the receiver, the tool calls under way meanwhile, and what is
 * lost.
 */
async function raised(url, act, options) {
  const { state, ...source } = watched()
  const lost = []
  const listener = (error) => lost.push(error)
  on('undelivered', listener)
  const watch = startAlerts({
    ...source,
    webhook: { url, labels: { instance: 'web-1' }, ...options },
  })
  state.processes = 6
  look()
  try {
    await act({ watch, state, lost })
    assert.doesNotMatch(
      inspect([watch, watch.getWebhookStatus(), lost], { depth: 9, showHidden: true }),
      SECRET,
    )
  } finally {
    watch.stop()
    off('undelivered', listener)
  }
}

/** A tool call, from its start to its answer. */
async function call(value) {
  const result = await pool.callTool('verbatim', 'answer', {
    result: { structuredContent: { value } },
  })
  assert.deepEqual(result.structuredContent, { value })
}

describe('a receiver', () => {
  test("of Alertmanager's format gets alerts that are raised, active and resolved", async () => {
    const { url, requests, received, close } = await receiver((_req, res) => res.end())
    const start = Date.now() + 5000
    await raised(url, async ({ watch, state }) => {
      await received(1)
      await until(() => watch.getWebhookStatus().delivered === 1)
      look(11)
      assert.equal(requests.length, 1, 'nothing new within a minute')
      look()
      await received(2)
      await until(() => watch.getWebhookStatus().delivered === 2)
      state.processes = 1
      look(4)
      await received(3)
      await until(() => watch.getWebhookStatus().delivered === 3)
    })
    await close()
    const alert = (value, endsAt) => ({
      labels: { job: 'procward', instance: 'web-1', alertname: 'processes', severity: 'warning' },
      annotations: {
        summary: '6 active processes detected (recommended max: 5)',
        value: `${value}`,
        threshold: '5',
      },
      startsAt: new Date(start).toISOString(),
      endsAt: new Date(start + endsAt).toISOString(),
    })
    const expected = [[alert(6, 240_000)], [alert(6, 300_000)], [alert(1, 80_000)]]
    assert.deepEqual(
      requests.map(({ body }) => body),
      expected,
    )
  })

  test('gets a resolved alert three times more, unless it is raised again', async () => {
    const { url, requests, received, close } = await receiver((_req, res) => res.end())
    const ends = () => requests.map(({ body }) => body.map(({ endsAt }) => Date.parse(endsAt)))
    await raised(url, async ({ watch, state }) => {
      const delivered = (count) => until(() => watch.getWebhookStatus().delivered === count)
      await delivered(1)
      state.processes = 1
      look(4)
      await delivered(2)
      for (const count of [3, 4, 5]) {
        look(12)
        await delivered(count)
      }
      look(36)
      await received(5)
      assert.deepEqual(new Set(ends().slice(1).flat()), new Set(ends()[1]))
      state.processes = 6
      look()
      await delivered(6)
      state.processes = 1
      look(4)
      await delivered(7)
      state.processes = 6
      look()
      await delivered(8)
      look(12)
      await delivered(9)
      assert.equal(requests.at(-1).body.length, 1, 'only as an active one')
      assert.ok(ends().at(-1)[0] > Date.now())
    })
    await close()
  })

  test('is one of several, and each gets every alert', async () => {
    const [one, other] = await Promise.all([1, 2].map(() => receiver((_req, res) => res.end())))
    const url = [one.url, await deadAddress(), other.url]
    await raised(url, async ({ watch }) => {
      await Promise.all([one.received(1), other.received(1)])
      await until(() => watch.getWebhookStatus().delivered === 2)
      await until(() => watch.getWebhookStatus().lastFailure !== null)
      const { receivers, ...sum } = watch.getWebhookStatus()
      const lastFailure = 'it could not be reached (ECONNREFUSED)'
      assert.deepEqual(sum, { queued: 1, delivered: 2, undelivered: 0, lastFailure })
      const right = { queued: 0, delivered: 1, undelivered: 0, lastFailure: null }
      assert.deepEqual(receivers, [right, { ...sum, delivered: 0 }, right])
    })
    assert.deepEqual(one.requests[0].body, other.requests[0].body)
    await Promise.all([one.close(), other.close()])
  })

  test("of Slack's format gets each alert once, also those that were active before", async () => {
    const { url, requests, received, close } = await receiver((_req, res) => res.end('ok'))
    const { state, ...source } = watched()
    const webhook = { url, format: 'slack', labels: { instance: 'web-1' } }
    state.processes = 6
    startAlerts(source)
    look()
    const watch = startAlerts({ ...source, webhook })
    look(200)
    await received(1)
    await until(() => watch.getWebhookStatus().delivered === 1)
    state.processes = 1
    look(4)
    await received(2)
    watch.stop()
    await close()
    assert.deepEqual(
      requests.map(({ body }) => body.text),
      [
        '[warning] web-1: 6 active processes detected (recommended max: 5)',
        '[resolved] web-1: 6 active processes detected (recommended max: 5)',
      ],
    )
  })
})

describe('a tool call does not wait for a receiver', () => {
  test('that is slow', async () => {
    let answer
    const { url, requests, received, close } = await receiver((_req, res) => {
      answer = () => res.end()
    })
    await raised(url, async ({ watch }) => {
      await received(1)
      for (const value of [1, 2, 3]) await call(value)
      assert.deepEqual(watch.getWebhookStatus(), {
        queued: 1,
        delivered: 0,
        undelivered: 0,
        lastFailure: null,
      })
      look(100)
      assert.equal(requests.length, 1, 'and no other request is made meanwhile')
      answer()
      await until(() => watch.getWebhookStatus().delivered === 1)
    })
    await close()
  })

  test('that is dead', async () => {
    await raised(await deadAddress(), async ({ watch, lost }) => {
      await call(1)
      await until(() => watch.getWebhookStatus().lastFailure !== null)
      await call(2)
      const lastFailure = 'it could not be reached (ECONNREFUSED)'
      assert.deepEqual(watch.getWebhookStatus(), {
        queued: 1,
        delivered: 0,
        undelivered: 0,
        lastFailure,
      })
      assert.deepEqual(lost, [], 'it is tried again')
    })
  })

  test('that redirects', async () => {
    const elsewhere = await receiver((_req, res) => res.end())
    const { url, close } = await receiver((_req, res) =>
      res.writeHead(307, { location: elsewhere.url }).end(),
    )
    await raised(url, async ({ watch, lost }) => {
      await call(1)
      await until(() => lost.length > 0)
      await call(2)
      assert.equal(lost[0].message, 'The webhook did not get processes: it answered 307')
      assert.equal(watch.getWebhookStatus().undelivered, 1)
    })
    assert.deepEqual(elsewhere.requests, [])
    await Promise.all([close(), elsewhere.close()])
  })

  test('that never ends its answer', async () => {
    let isOver = false
    const { url, received, close } = await receiver((_req, res) => {
      res.writeHead(200)
      const write = () => {
        while (!res.destroyed && res.write('x'.repeat(65536)));
        res.once('drain', write)
      }
      res.once('close', () => (isOver = true))
      write()
    })
    await raised(url, async ({ watch }) => {
      await received(1)
      await call(1)
      await until(() => watch.getWebhookStatus().delivered === 1)
      await until(() => isOver)
    })
    await close()
  })
})
