// A process whose calls fail before anything has looked at them, as after a bad deployment.

import assert from 'node:assert/strict'
import { after, before, mock, test } from 'node:test'
import { off, on, startAlerts } from 'procward'
import { getProcessHealth, healthRouter } from 'procward/health'
import { increase } from '../lib/dashboard/series.js'
import { recordFailure } from '../lib/metrics/record.js'
import { look, startClock, stopClock, watched } from './support/watched.mjs'

before(stopClock)
before(() => mock.method(process, 'uptime', () => 1))
after(startClock)

function failingCalls(count) {
  const call = { server: 'broken', tool: 'any' }
  for (let at = 0; at < count; at++) recordFailure(call, { code: 'ERR_SERVER_START' }, 0)
}

/** What a router answers at a path. @param {ReturnType<typeof healthRouter>} router */
function answer(router, url) {
  let body
  const response = { setHeader() {}, end: (text) => (body = JSON.parse(text)) }
  router({ url, method: 'GET', headers: { host: '127.0.0.1' } }, response)
  return body
}

test('calls that failed before the first sample raise alerts, and are in the history', () => {
  const { state: _, ...source } = watched()
  const router = healthRouter(source)
  const names = []
  const onAlert = ({ name }) => names.push(name)
  on('alert', onAlert)
  failingCalls(40)
  look()
  off('alert', onAlert)
  assert.deepEqual(names, ['failures', 'serverFailures'])
  assert.deepEqual(
    answer(router, '/processes').alerts.map(({ message }) => message),
    [
      '100% of 40 calls failed within 300 s (threshold: 25%)',
      '100% of 40 calls to broken failed within 300 s (threshold: 50%)',
    ],
  )
  const { samples } = answer(router, '/history')
  assert.equal(
    increase(samples, ({ failures }) => failures),
    samples.at(-1).failures,
  )
})

test('an alert that is watched later counts from the sample before', () => {
  const { state: _, ...source } = watched()
  getProcessHealth(source)
  look(61)
  const watch = startAlerts({ ...source, rules: { failures: { minimum: 1 } } })
  failingCalls(7)
  look()
  const alert = watch.getActive().find(({ name }) => name === 'failures')
  assert.equal(alert?.message, '100% of 7 calls failed within 300 s (threshold: 25%)')
  watch.stop()
})
