import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import express from 'express'
import express4 from 'express4'
import { getHealth, getProcessHealth, healthRouter } from 'procward/health'

const SEED = {
  status: 'ok',
  timestamp: '2026-02-13T20:30:00Z',
  semaphore: { maxConcurrent: 3, current: 2, queued: 0, available: 1 },
  activeProcesses: {
    count: 2,
    processes: [
      {
        pid: 12345,
        server: 'asana-v2',
        tool: 'list_workspaces',
        startTime: 1771031941000,
        duration: 2341,
      },
    ],
  },
  cleanup: {
    isRunning: true,
    interval: 60000,
    maxAge: 300000,
    stats: { scans: 15, killed: 3, errors: 0 },
  },
  alert: { level: 'warning', message: '6 active processes detected (recommended max: 5)' },
}

const LAST_SCAN = {
  time: Date.now(),
  duration: 12,
  scanned: 9,
  killed: 1,
  skipped: 8,
  errors: 0,
  dryRun: false,
}
const SECRET = 'node server.js --api-key=hunter2 /srv/app'
const state = { processes: 1, reason: null, broken: null }
const helper = {
  getSemaphoreStatus: () => ({ ...SEED.semaphore, argv: SECRET }),
  getActiveProcesses: () => {
    if (state.broken) throw state.broken
    return Array.from({ length: state.processes }, (_, at) => ({
      ...SEED.activeProcesses.processes[0],
      pid: 12345 + at,
      command: SECRET,
    }))
  },
  getReadiness: () => ({ ready: state.reason === null, reason: state.reason }),
}
const cleanup = {
  getStats: () => ({ ...SEED.cleanup, scope: 'tree', lastScan: { ...LAST_SCAN, command: SECRET } }),
}
const options = { helper, cleanup }

/** The names and types of a value, in their order. */
function shape(value) {
  if (Array.isArray(value)) return value.map(shape)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]))
}

const inExpress = (framework) => {
  const app = framework()
  app.use('/api/health', healthRouter(options))
  app.use((_req, res) => res.status(404).json({ error: { code: 'NEXT' } }))
  app.use((_error, _req, res, _next) => res.status(500).json({ error: { code: 'NEXT' } }))
  return http.createServer(app)
}
const SERVERS = {
  'Express 5': () => inExpress(express),
  'Express 4': () => inExpress(express4),
  'node:http': () => http.createServer(healthRouter({ ...options, prefix: '/api/health' })),
}

const JSON_TYPE = 'application/json; charset=utf-8'
const HEALTH_TYPE = 'application/health+json; charset=utf-8'

for (const [name, create] of Object.entries(SERVERS)) {
  describe(name, () => {
    const server = create()
    const passedOn = name === 'node:http' ? undefined : 'NEXT'
    let origin
    before(async () => {
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
      origin = `http://127.0.0.1:${server.address().port}`
    })
    after(() => {
      server.close()
      server.closeAllConnections()
    })

    async function ask(path, { method = 'GET', accept = '*/*', ...during } = {}) {
      Object.assign(state, { processes: 1, reason: null, broken: null }, during)
      const response = await fetch(`${origin}${path}`, { method, headers: { accept } })
      const text = await response.text()
      assert.ok(
        !text.includes('hunter2') && !text.includes('/srv/app'),
        'nothing of a command line',
      )
      return { response, text, body: text === '' ? undefined : JSON.parse(text) }
    }

    function assertHeaders(response, type = JSON_TYPE) {
      assert.equal(response.headers.get('content-type'), type)
      assert.equal(response.headers.get('cache-control'), 'no-store')
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
    }

    for (const path of ['', '/', '?verbose=1', '/?verbose=1']) {
      test(`GET ${path || '(the mount path)'} is the basic health`, async () => {
        const { response, body } = await ask(`/api/health${path}`)
        assert.equal(response.status, 200)
        assertHeaders(response)
        assert.deepEqual(shape(body), shape({ ...getHealth() }))
        assert.equal(body.status, 'ok')
        assert.equal(new Date(body.timestamp).toISOString(), body.timestamp)
      })
    }

    for (const path of ['/processes', '/processes/', '/processes?x', '/processes/?x=/']) {
      test(`GET ${path} has the seed's fields, in the seed's order`, async () => {
        const { response, body } = await ask(`/api/health${path}`, { processes: 6 })
        assert.equal(response.status, 200, 'a warning too')
        assertHeaders(response)
        assert.deepEqual(body.alert, SEED.alert)
        assert.deepEqual(body.cleanup, { ...SEED.cleanup, scope: 'tree', lastScan: LAST_SCAN })
        assert.deepEqual(body.activeProcesses, {
          count: 6,
          processes: Array.from({ length: 6 }, (_, at) => ({
            ...SEED.activeProcesses.processes[0],
            pid: 12345 + at,
          })),
        })
        const { scope, lastScan, ...seedCleanup } = body.cleanup
        body.cleanup = seedCleanup
        assert.equal(body.pool, null, 'this helper has no sessions')
        delete body.pool
        assert.deepEqual(
          body.alerts.map(({ name, level, message }) => ({ name, level, message })),
          [{ name: 'processes', ...SEED.alert }],
        )
        delete body.alerts
        body.activeProcesses.processes.length = 1
        assert.equal(JSON.stringify(shape(body)), JSON.stringify(shape(SEED)))
      })
    }

    test('no alert at the recommended maximum', async () => {
      const { body } = await ask('/api/health/processes', { processes: 5 })
      assert.equal(body.alert, null)
      assert.equal(body.activeProcesses.count, 5)
    })

    for (const path of ['/live', '/ready']) {
      test(`GET ${path}`, async () => {
        const { response, body } = await ask(`/api/health${path}`)
        assert.equal(response.status, 200)
        assertHeaders(response)
        assert.equal(body.status, 'ok')
      })
    }

    for (const [reason, words] of [
      ['draining', 'shutting down'],
      ['queue-full', 'the queue of calls is full'],
    ]) {
      test(`${reason}: not ready, but alive`, async () => {
        const { response, body } = await ask('/api/health/ready', { reason })
        assert.equal(response.status, 503)
        assertHeaders(response)
        assert.match(response.headers.get('retry-after'), /^[1-9]\d*$/)
        assert.equal(body.status, 'unavailable')
        assert.equal(body.reason, words)
        assert.equal((await ask('/api/health/live', { reason })).response.status, 200)
        const health = await ask('/api/health/ready', { reason, accept: 'application/health+json' })
        assert.deepEqual(health.body, { status: 'fail', output: words, checks: {} })
      })
    }

    for (const path of ['', '/processes', '/live', '/ready']) {
      test(`HEAD ${path || '/'} is GET without the body`, async () => {
        const get = await ask(`/api/health${path}`)
        const head = await ask(`/api/health${path}`, { method: 'HEAD' })
        assert.equal(head.response.status, 200)
        assertHeaders(head.response)
        assert.equal(head.text, '')
        assert.ok(Number(head.response.headers.get('content-length')) > 0)
        assert.ok(get.text.length > 0)
      })
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
        test(`${method} ${path || '/'} is not allowed`, async () => {
          const { response, body } = await ask(`/api/health${path}`, { method })
          assert.equal(response.status, 405)
          assertHeaders(response)
          assert.equal(response.headers.get('allow'), 'GET, HEAD')
          assert.equal(body.error.code, 'ERR_METHOD_NOT_ALLOWED')
        })
      }
    }

    for (const path of ['/nothing', '/processes/1', '/constructor', '/Live', '/%6Cive']) {
      test(`${path} is passed on, or 404`, async () => {
        const { response, body } = await ask(`/api/health${path}`)
        assert.equal(response.status, 404)
        assert.equal(body.error.code, passedOn ?? 'ERR_NOT_FOUND')
      })
    }

    for (const path of ['/', '/api', '/api/healthy', '/api/health-processes', '/live']) {
      test(`${path}, outside the mount path, is not answered`, async () => {
        assert.equal((await ask(path)).response.status, 404)
      })
    }

    for (const [accept, type] of [
      ['application/health+json', HEALTH_TYPE],
      ['text/html, Application/Health+JSON;q=0.9, */*;q=0.1', HEALTH_TYPE],
      ['application/health+json, application/json', HEALTH_TYPE],
      ['application/health+json;q=0.5, application/json', JSON_TYPE],
      ['application/health+json;q=0', JSON_TYPE],
      ['application/health+json;q=much', JSON_TYPE],
      ['application/*', JSON_TYPE],
      ['text/html', JSON_TYPE],
    ]) {
      test(`Accept: ${accept} gets ${type}`, async () => {
        const { response, body } = await ask('/api/health/processes', { accept, processes: 6 })
        assert.equal(response.status, 200)
        assertHeaders(response, type)
        assert.match(response.headers.get('vary'), /accept/i)
        assert.equal(body.status, type === HEALTH_TYPE ? 'warn' : 'ok')
      })
    }

    test('application/health+json has checks with values, units and times', async () => {
      const { body } = await ask('/api/health/processes', {
        accept: 'application/health+json',
        processes: 6,
      })
      assert.equal(body.output, SEED.alert.message)
      const [active] = body.checks['processes:active']
      assert.equal(new Date(active.time).toISOString(), active.time)
      const expected = {
        status: 'warn',
        observedValue: 6,
        observedUnit: 'processes',
        output: SEED.alert.message,
      }
      assert.deepEqual({ ...active, time: undefined }, { ...expected, time: undefined })
      assert.deepEqual(shape(body.checks['semaphore:queued']), [
        { status: 'string', observedValue: 'number', observedUnit: 'string', time: 'string' },
      ])
      const basic = await ask('/api/health', { accept: 'application/health+json' })
      assert.equal(basic.body.status, 'pass')
      assert.deepEqual(Object.keys(basic.body.checks), [
        'uptime',
        ...Object.keys(process.memoryUsage()).map((field) => `memory:${field}`),
      ])
    })

    for (const [what, broken] of [
      ['an error', new Error(SECRET)],
      ['something else than an error', SECRET],
    ]) {
      test(`${what} thrown inside answers 500 without details`, async () => {
        const { response, body } = await ask('/api/health/processes', { broken })
        assert.equal(response.status, 500)
        assert.equal(body.error.code, passedOn ?? 'ERR_INTERNAL')
        assert.equal((await ask('/api/health/processes')).response.status, 200)
      })
    }
  })
}

test('limits stand beside the four counts, each field by its name', () => {
  const own = {
    server: 'asana-v2',
    limit: 2,
    rate: { limit: 150, interval: 60_000, recent: 7 },
    current: 1,
    queued: 3,
    pausedFor: 4200,
  }
  const more = { ...SEED.semaphore, limitedBy: 'server', servers: [own] }
  const leaking = {
    ...more,
    servers: [{ ...own, rate: { ...own.rate, key: SECRET }, argv: SECRET }],
  }
  const semaphoreOf = (status) => {
    const given = { ...helper, getSemaphoreStatus: () => status }
    return getProcessHealth({ helper: given, cleanup }).semaphore
  }
  assert.equal(JSON.stringify(semaphoreOf(leaking)), JSON.stringify(more))
  assert.deepEqual(semaphoreOf({ ...SEED.semaphore, limitedBy: SECRET }), {
    ...SEED.semaphore,
    limitedBy: null,
  })
  for (const servers of [null, 'none', {}])
    assert.deepEqual(semaphoreOf({ ...SEED.semaphore, servers }).servers, [])
  const bare = semaphoreOf({ ...SEED.semaphore, servers: [{ server: 'a' }] })
  assert.deepEqual(bare.servers, [
    { server: 'a', limit: null, rate: null, current: 0, queued: 0, pausedFor: 0 },
  ])
})

test('the memory of a gate stands beside them, each field by its name', () => {
  const learnt = { server: 'a', mean: 5, deviation: 1, peaks: 2, running: 1, waiting: 0 }
  const sizes = { budget: null, available: 9, total: 10, reserve: 1, used: 5 }
  const memory = { ...sizes, running: 1, waiting: 0, learnt: [learnt] }
  const leaking = { ...memory, argv: SECRET, learnt: [{ ...learnt, argv: SECRET }] }
  const given = {
    ...helper,
    getSemaphoreStatus: () => ({ ...SEED.semaphore, memory: leaking }),
  }
  const { semaphore } = getProcessHealth({ helper: given, cleanup })
  assert.equal(JSON.stringify(semaphore), JSON.stringify({ ...SEED.semaphore, memory }))
})

test('at most 200 servers are listed, those with limits first of all', () => {
  const servers = Array.from({ length: 1000 }, (_, at) => ({ server: `invented ${at}`, queued: 1 }))
  servers.push({ server: 'limited', limit: 1 }, { server: 'paused', pausedFor: 1 })
  const given = { ...helper, getSemaphoreStatus: () => ({ ...SEED.semaphore, servers }) }
  const listed = getProcessHealth({ helper: given, cleanup }).semaphore.servers
  assert.equal(listed.length, 200)
  assert.deepEqual(
    [0, 197, 198, 199].map((at) => listed[at].server),
    ['invented 0', 'invented 197', 'limited', 'paused'],
  )
})

test('a value that JSON cannot hold answers 500', async () => {
  const handler = healthRouter({
    cleanup,
    helper: { ...helper, getSemaphoreStatus: () => ({ current: 1n }) },
  })
  const errors = []
  handler({ url: '/processes', method: 'GET', headers: {} }, {}, (error) => errors.push(error))
  assert.ok(errors[0] instanceof TypeError)
})

test('a helper without readiness is ready', async () => {
  const { getReadiness, ...plain } = helper
  const server = http.createServer(healthRouter({ cleanup, helper: plain }))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const response = await fetch(`http://127.0.0.1:${server.address().port}/ready`)
    assert.equal(response.status, 200)
    await response.text()
  } finally {
    server.close()
  }
})

test("by default it reports procward's own helper and cleanup", () => {
  const health = getProcessHealth()
  assert.deepEqual(health.semaphore, { maxConcurrent: 3, current: 0, queued: 0, available: 3 })
  assert.deepEqual(health.activeProcesses, { count: 0, processes: [] })
  const { scope, lastScan, ...seedCleanup } = health.cleanup
  assert.equal(JSON.stringify(shape(seedCleanup)), JSON.stringify(shape(SEED.cleanup)))
  assert.equal(health.alert, null)
})
