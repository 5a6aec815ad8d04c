// What is posted when, in virtual time: the receiver is a function.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bodies } from '../lib/alerts/webhook/bodies.js'
import { Delivery, retryDelay } from '../lib/alerts/webhook/delivery.js'

const TAKEN = {
  isDelivered: true,
  mayRetry: false,
  retryAfter: 0,
  reason: 'it answered 200',
  statusCode: 200,
}
const BUSY = {
  isDelivered: false,
  mayRetry: true,
  retryAfter: 0,
  reason: 'it answered 503',
  statusCode: 503,
}
const REFUSED = {
  isDelivered: false,
  mayRetry: false,
  retryAfter: 0,
  reason: 'it answered 404',
  statusCode: 404,
}
const NOW = Date.UTC(2026, 1, 13)
const LABELS = { job: 'procward', instance: 'web-1' }

const alert = (name, more) => ({
  name,
  level: 'warning',
  message: `${name} is high`,
  since: NOW,
  value: 6,
  threshold: 5,
  ...more,
})
/** Lets promises that have settled go on. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A delivery to a receiver that answers `outcome()`, as the clock stands still. */
function delivery(t, outcome, format = 'slack') {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: NOW })
  const bodies = []
  const lost = []
  const post = async (_target, body) => {
    bodies.push(JSON.parse(body))
    return outcome(bodies.length)
  }
  const subject = new Delivery({ format, labels: LABELS, repeat: 60_000 }, post, (error) =>
    lost.push(error),
  )
  const texts = () => bodies.map(({ text }) => text)
  return { subject, bodies, texts, lost }
}

test('one request at a time, and the next carries all alerts of the meantime', async (t) => {
  const answers = []
  const { subject, texts } = delivery(t, () => new Promise((resolve) => answers.push(resolve)))
  subject.add([alert('a')])
  subject.add([alert('b')])
  subject.add([alert('c'), alert('a', { resolvedAt: NOW })])
  await turn()
  assert.deepEqual(texts(), ['[warning] web-1: a is high'])
  assert.deepEqual(subject.status(), { queued: 4, delivered: 0, undelivered: 0, lastFailure: null })
  assert.equal(subject.isIdle, false)
  answers.shift()(TAKEN)
  await turn()
  const rest = '[warning] web-1: b is high\n[warning] web-1: c is high\n[resolved] web-1: a is high'
  assert.deepEqual(texts().slice(1), [rest])
  answers.shift()(TAKEN)
  await turn()
  assert.deepEqual(subject.status(), { queued: 0, delivered: 4, undelivered: 0, lastFailure: null })
  assert.equal(subject.isIdle, true)
})

test('a failed delivery is repeated, and the order stays', async (t) => {
  const { subject, texts, lost } = delivery(t, (attempt) => (attempt < 4 ? BUSY : TAKEN))
  subject.add([alert('a')])
  subject.add([alert('b')])
  for (const [delay, attempts] of [
    [499, 1],
    [501, 2],
    [999, 2],
    [1001, 3],
    [1999, 3],
    [2001, 5],
  ]) {
    await turn()
    t.mock.timers.tick(delay)
    await turn()
    assert.equal(texts().length, attempts, `after ${delay} ms more`)
  }
  assert.deepEqual(
    [...new Set(texts())],
    ['[warning] web-1: a is high', '[warning] web-1: b is high'],
  )
  assert.deepEqual(subject.status(), {
    queued: 0,
    delivered: 2,
    undelivered: 0,
    lastFailure: 'it answered 503',
  })
  assert.deepEqual(lost, [])
})

test('a delivery is tried ten times at most, and the next one starts anew', async (t) => {
  const { subject, texts, lost } = delivery(t, (attempt) => (attempt <= 10 ? BUSY : TAKEN))
  subject.add([alert('a'), alert('b')])
  subject.add([alert('c')])
  for (let at = 0; at < 20; at++) {
    await turn()
    t.mock.timers.tick(60_000)
  }
  await turn()
  assert.equal(texts().length, 11)
  assert.deepEqual(subject.status(), {
    queued: 0,
    delivered: 1,
    undelivered: 2,
    lastFailure: 'it answered 503',
  })
  const [{ code, message, alerts, statusCode, attempts }, ...others] = lost
  assert.deepEqual(others, [])
  assert.equal(message, 'The webhook did not get a, b: it answered 503')
  assert.deepEqual(
    { code, alerts, statusCode, attempts },
    { code: 'ERR_WEBHOOK', alerts: ['a', 'b'], statusCode: 503, attempts: 10 },
  )
})

test('a refused delivery is not repeated', async (t) => {
  const { subject, texts, lost } = delivery(t, () => REFUSED)
  subject.add([alert('a')])
  await turn()
  t.mock.timers.tick(600_000)
  await turn()
  assert.equal(texts().length, 1)
  assert.deepEqual(
    lost.map(({ attempts, alerts }) => [attempts, alerts]),
    [[1, ['a']]],
  )
})

test('at most a hundred alerts wait, and the oldest are dropped', async (t) => {
  const { subject, lost } = delivery(t, () => new Promise(() => {}))
  for (let at = 0; at < 500; at++) subject.add([alert(`a${at}`)])
  assert.deepEqual(subject.status(), {
    queued: 101,
    delivered: 0,
    undelivered: 399,
    lastFailure: null,
  })
  assert.deepEqual(
    lost.map(({ alerts, statusCode, attempts }) => [...alerts, statusCode, attempts]),
    Array.from({ length: 399 }, (_, at) => [`a${at + 1}`, undefined, 0]),
  )
})

test('a request carries at most twenty alerts', async (t) => {
  const { subject, bodies } = delivery(t, () => TAKEN, 'alertmanager')
  subject.add(Array.from({ length: 50 }, (_, at) => alert(`a${at}`)))
  await turn()
  assert.deepEqual(
    bodies.map(({ length }) => length),
    [20, 20, 10],
  )
})

for (const [when, outcome] of [
  ['while it waits to try again', () => BUSY],
  ['while a request is on its way', () => turn().then(() => TAKEN)],
]) {
  test(`nothing is sent after stop() ${when}`, async (t) => {
    const { subject, texts, lost } = delivery(t, outcome)
    subject.add([alert('a')])
    subject.add([alert('b')])
    if (when.includes('again')) await turn()
    subject.stop()
    subject.add([alert('c')])
    for (let at = 0; at < 5; at++) {
      await turn()
      t.mock.timers.tick(60_000)
    }
    assert.equal(texts().length, 1)
    assert.deepEqual([lost, subject.status().queued], [[], 0])
  })
}

for (const [repeat, minutes] of [
  [10_000, 3 + 1 / 6],
  [3_600_000, 63],
  [86_400_000, 24 * 60 + 3],
  [Infinity, 24 * 60 + 3],
]) {
  test(`an alert that is repeated after ${repeat} ms ends later for Alertmanager`, () => {
    const [{ endsAt }] = bodies.alertmanager([alert('queue')], { labels: LABELS, repeat }, NOW)
    assert.equal(endsAt, new Date(NOW + minutes * 60_000).toISOString())
  })
}

for (const [when, notice, startsAt, endsAt] of [
  ['an active alert', { since: NOW + 3_600_000 }, NOW, NOW + 240_000],
  ['a resolved alert', { since: NOW + 1000, resolvedAt: NOW + 9000 }, NOW, NOW],
  [
    'an alert that began later than it ended',
    { since: NOW - 5, resolvedAt: NOW - 9 },
    NOW - 9,
    NOW - 9,
  ],
]) {
  test(`after the clock was set back, Alertmanager takes ${when}`, () => {
    const target = { labels: LABELS, repeat: 60_000 }
    const [body] = bodies.alertmanager([alert('queue', notice)], target, NOW)
    assert.deepEqual([Date.parse(body.startsAt), Date.parse(body.endsAt)], [startsAt, endsAt])
  })
}

test("Alertmanager's API v2 gets a new end time at each attempt", async (t) => {
  const { subject, bodies } = delivery(
    t,
    (attempt) => (attempt === 1 ? BUSY : TAKEN),
    'alertmanager',
  )
  subject.add([
    alert('queue'),
    alert('memory', { level: 'critical', since: NOW - 60_000, resolvedAt: NOW - 1000 }),
  ])
  await turn()
  t.mock.timers.tick(1000)
  await turn()
  const body = (endsAt) => [
    {
      labels: { job: 'procward', instance: 'web-1', alertname: 'queue', severity: 'warning' },
      annotations: { summary: 'queue is high', value: '6', threshold: '5' },
      startsAt: '2026-02-13T00:00:00.000Z',
      endsAt,
    },
    {
      labels: { job: 'procward', instance: 'web-1', alertname: 'memory', severity: 'critical' },
      annotations: { summary: 'memory is high', value: '6', threshold: '5' },
      startsAt: '2026-02-12T23:59:00.000Z',
      endsAt: '2026-02-12T23:59:59.000Z',
    },
  ]
  assert.deepEqual(bodies, [body('2026-02-13T00:04:00.000Z'), body('2026-02-13T00:04:01.000Z')])
})

test("Slack's text is escaped", async (t) => {
  const { subject, texts } = delivery(t, () => TAKEN)
  subject.add([alert('a', { message: '<!channel> a&b <https://evil|here>' })])
  await turn()
  assert.deepEqual(texts(), ['[warning] web-1: &lt;!channel&gt; a&amp;b &lt;https://evil|here&gt;'])
})

describe('pause', () => {
  for (const [attempts, retryAfter, random, expected] of [
    [1, 0, 0, 500],
    [1, 0, 1, 1000],
    [2, 0, 1, 2000],
    [6, 0, 1, 32_000],
    [7, 0, 1, 60_000],
    [9, 0, 0, 30_000],
    [1, 30_000, 1, 30_000],
    [7, 1000, 1, 60_000],
    [1, 86_400_000, 1, 300_000],
    [1, -5000, 1, 1000],
  ]) {
    test(`${attempts} attempts, Retry-After ${retryAfter}, random ${random}: ${expected} ms`, () => {
      assert.equal(retryDelay(attempts, retryAfter, random), expected)
    })
  }
})
