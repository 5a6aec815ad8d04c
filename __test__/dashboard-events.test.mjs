import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import express from 'express'
import { healthRouter } from 'procward/health'
import { eventsOf, subscribe } from './support/event-streams.mjs'
import { listen, request } from './support/http.mjs'
import { until } from './support/until.mjs'
import { watched } from './support/watched.mjs'

const SECRET = 'hunter2'
const SNAPSHOT = [
  'time',
  'instance',
  'process',
  'health',
  'sample',
  'metrics',
  'queuedCalls',
  'failedCalls',
  'draining',
]

const lastOf = (stream) => JSON.parse(eventsOf(stream).at(-1).data)

const draining = (state) => ({
  getReadiness: () =>
    state.draining ? { ready: false, reason: 'draining' } : { ready: true, reason: null },
})

for (const [name, mount] of Object.entries({
  'node:http': (options) => healthRouter({ ...options, prefix: '/h' }),
  'Express 5': (options) => express().use('/h', healthRouter(options)),
}))
  describe(name, () => {
    test('a snapshot at once and then each second, with ids that grow', async (t) => {
      const { helper, cleanup, state } = watched()
      const { port } = await listen(t, mount({ helper, cleanup }))
      const stream = await subscribe(port, '/h/events')
      assert.equal(stream.response.statusCode, 200)
      assert.equal(stream.response.headers['content-type'], 'text/event-stream; charset=utf-8')
      assert.match(stream.response.headers['cache-control'], /no-store, no-transform/)
      await until(() => eventsOf(stream).length > 0)
      state.processes = 2
      await until(() => lastOf(stream).health.activeProcesses.count === 2)
      assert.match(stream.text, /^retry: 2000\n\n/)
      const seen = eventsOf(stream).map(({ id, event, data }) => ({
        id,
        event,
        data: JSON.parse(data),
      }))
      assert.deepEqual(Object.keys(seen[0].data), SNAPSHOT)
      for (const [at, { id, event, data }] of seen.entries()) {
        assert.deepEqual([event, Number(id), data.draining], ['snapshot', data.time, false])
        assert.ok(at === 0 || Number(id) > Number(seen[at - 1].id))
      }
      assert.ok(!stream.text.includes(SECRET), 'nothing of a command line')
      stream.close()
    })

    test('a request for JSON gets one snapshot', async (t) => {
      const { helper, cleanup, state } = watched()
      state.processes = 1
      const { port } = await listen(t, mount({ helper, cleanup }))
      const { status, headers, text } = await request(port, '/h/events', {
        headers: { accept: 'application/json' },
      })
      assert.equal(status, 200)
      assert.equal(headers['content-type'], 'application/json; charset=utf-8')
      assert.deepEqual(Object.keys(JSON.parse(text)), SNAPSHOT)
      assert.ok(!text.includes(SECRET))
    })

    test('HEAD opens no stream', async (t) => {
      const { helper, cleanup } = watched()
      const { port } = await listen(t, mount({ helper, cleanup }))
      const { status, headers, text } = await request(port, '/h/events', { method: 'HEAD' })
      assert.deepEqual([status, text], [200, ''])
      assert.equal(headers['content-type'], 'text/event-stream; charset=utf-8')
    })

    test('twenty readers may listen, and the next one may poll', async (t) => {
      const { helper, cleanup } = watched()
      const { port } = await listen(t, mount({ helper, cleanup }))
      const streams = await Promise.all(
        Array.from({ length: 20 }, () => subscribe(port, '/h/events')),
      )
      assert.deepEqual(new Set(streams.map(({ response }) => response.statusCode)), new Set([200]))
      const { status, headers, text } = await request(port, '/h/events')
      assert.equal(status, 503)
      assert.match(headers['retry-after'], /^\d+$/)
      assert.equal(JSON.parse(text).error.code, 'ERR_TOO_MANY_CLIENTS')
      const asked = await request(port, '/h/events', { headers: { accept: 'application/json' } })
      assert.equal(asked.status, 200)

      streams[7].close()
      const next = await until(async () => {
        const stream = await subscribe(port, '/h/events')
        return stream.response.statusCode === 200 && stream
      })
      for (const stream of [...streams, next]) stream.close()
    })

    test('pages of other origins get no events, as streams and as JSON', async (t) => {
      const { helper, cleanup } = watched()
      const { port } = await listen(t, mount({ helper, cleanup }))
      for (const accept of ['text/event-stream', 'application/json'])
        for (const [site, expected] of [
          ['cross-site', 403],
          ['same-site', 403],
          ['same-origin', 200],
          ['none', 200],
        ]) {
          const stream = await subscribe(port, '/h/events', { accept, 'sec-fetch-site': site })
          assert.equal(stream.response.statusCode, expected, site)
          if (expected === 403) {
            await until(() => stream.ended)
            assert.equal(JSON.parse(stream.text).error.code, 'ERR_FORBIDDEN_SITE')
          }
          stream.close()
        }
    })

    test('streams end when the server closes, so that it can close', async (t) => {
      const { helper, cleanup } = watched()
      const { port, server } = await listen(t, mount({ helper, cleanup }))
      const streams = await Promise.all([1, 2, 3].map(() => subscribe(port, '/h/events')))
      const closed = once(server, 'close')
      server.close()
      await closed
      await until(() => streams.every(({ ended }) => ended))
    })

    test('a stream reports the shutdown and ends with the last call', async (t) => {
      const { helper, cleanup, state } = watched()
      const { port } = await listen(
        t,
        mount({ helper: { ...helper, ...draining(state) }, cleanup }),
      )
      const stream = await subscribe(port, '/h/events')
      Object.assign(state, { draining: true, processes: 1 })
      await until(() => eventsOf(stream).length > 0 && lastOf(stream).draining)
      assert.equal(stream.ended, false)
      state.processes = 0
      await until(() => stream.ended)
      assert.equal(lastOf(stream).health.activeProcesses.count, 0)
      const late = await subscribe(port, '/h/events')
      await until(() => late.ended)
      assert.equal(eventsOf(late).length, 1, 'one snapshot for a late reader')
    })

    test('a failing helper causes a pause, without the reason', async (t) => {
      const { helper, cleanup, state } = watched()
      const getActiveProcesses = () => {
        if (state.broken) throw new Error(SECRET)
        return helper.getActiveProcesses()
      }
      const { port } = await listen(
        t,
        mount({ helper: { ...helper, getActiveProcesses }, cleanup }),
      )
      const stream = await subscribe(port, '/h/events')
      state.broken = true
      await until(() => stream.text.includes(': no snapshot\n\n'))
      const seen = eventsOf(stream).length
      state.broken = false
      await until(() => eventsOf(stream).length > seen)
      assert.ok(!stream.text.includes(SECRET))
      stream.close()
    })
  })
