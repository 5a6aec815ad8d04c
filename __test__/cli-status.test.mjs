// `procward status` and `metrics` against a server, and against whatever else may answer at a URL.

import assert from 'node:assert/strict'
import { pipeline } from 'node:stream'
import { describe, test } from 'node:test'
import { healthRouter } from 'procward/health'
import { deadUrl, documentOf, listening, procward } from './support/cli.mjs'
import { noShell } from './support/commands.mjs'

const SECRET = 'node server.js --api-key=hunter2 /srv/app'
const CALL = {
  pid: 4242,
  server: 'asana-v2',
  tool: 'list_workspaces',
  startTime: 1771031941000,
  duration: 2341,
}
const SESSION = {
  server: 'memory',
  pid: 77,
  state: 'idle',
  age: 5000,
  idle: 10,
  uses: 3,
  inFlight: 0,
  garbage: 0,
}
const STATS = {
  isRunning: true,
  interval: 60000,
  maxAge: 300000,
  stats: { scans: 15, killed: 3, errors: 0 },
}

/** A helper and a cleanup as a server has them. */
function source({ calls = [CALL], reason = null, names = {} } = {}) {
  const helper = {
    getSemaphoreStatus: () => ({
      maxConcurrent: 3,
      current: 2,
      queued: 1,
      available: 1,
      argv: SECRET,
    }),
    getActiveProcesses: () => calls.map((call) => ({ ...call, ...names, command: SECRET })),
    getPoolStatus: () => ({ maxSessions: 5, queued: 0, sessions: [{ ...SESSION, cwd: SECRET }] }),
    getReadiness: () => ({ ready: reason === null, reason }),
  }
  return {
    helper,
    cleanup: { getStats: () => ({ ...STATS, scope: 'tree', lastScan: null }) },
    prefix: '/api/health',
  }
}

/**
 * The health URL of a server.
 * @param {import('node:test').TestContext} t
 * @param {Parameters<typeof source>[0]} [given]
 */
async function serving(t, given) {
  return `${await listening(t, healthRouter(source(given)))}/api/health`
}

test('a URL with too little or too much is answered with a hint', async (t) => {
  const url = await serving(t)
  const origin = new URL(url).origin
  const bare = await procward(['status', '--url', origin])
  assert.equal(bare.code, 3)
  assert.ok(bare.stderr.includes(` Try ${url}`), bare.stderr)
  const page = await procward(['status', '--url', `${url}/dashboard`])
  assert.equal(page.code, 3)
  assert.match(page.stderr, /; leave out \/dashboard$/m)
})

test('as many failed calls as a server keeps may have been more', async (t) => {
  const failure = { server: 'it', tool: 'x', code: 'ERR_TOOL', duration: 1 }
  let kept = 49
  const health = healthRouter(source())
  const url = await listening(t, (req, res) => {
    if (req.url !== '/api/health/failures') return health(req, res)
    res.end(JSON.stringify({ failures: Array(kept).fill({ ...failure, time: Date.now() }) }))
  })
  const failed = async () => {
    const { stdout } = await procward(['status', '--url', `${url}/api/health`])
    return /^failed {4}(.*) within/m.exec(stdout)?.[1]
  }
  assert.equal(await failed(), '49 calls')
  kept = 50
  assert.equal(await failed(), 'at least 50 calls')
})

test('alerts tell whole minutes as minutes', async (t) => {
  const alerts = [
    { level: 'warning', message: '80% of 40 calls failed within 300 s (threshold: 25%)' },
    { level: 'warning', message: 'waits 45 s, 90 s and 1.60 s' },
    { level: 'warning', message: 'above', value: 3, threshold: 2 },
    { level: 'warning', message: 'low', value: 2, threshold: 2 },
    { level: 'warning', message: 'calm', value: 0, threshold: 2, resolvesAt: 0 },
  ]
  const health = {
    semaphore: { maxConcurrent: 3, current: 0, queued: 0, available: 3 },
    activeProcesses: { count: 0, processes: [] },
    cleanup: STATS,
    alerts,
  }
  const bodies = {
    '/': { uptime: 1, memory: { rss: 1 } },
    '/processes': health,
    '/ready': { status: 'ok' },
  }
  const url = await listening(t, (req, res) =>
    Object.hasOwn(bodies, req.url)
      ? res.end(JSON.stringify(bodies[req.url]))
      : res.writeHead(404).end(),
  )
  const { code, stdout } = await procward(['status', '--url', url])
  assert.equal(code, 1)
  assert.match(stdout, /failed within 5 min \(threshold: 25%\)$/m)
  assert.match(stdout, /waits 45 s, 90 s and 1\.60 s$/m)
  assert.match(stdout, /^alert {5}warning: above$/m)
  assert.match(stdout, /^alert {5}warning, at most its threshold now: low$/m)
  assert.match(stdout, /^alert {5}warning, resolves in 0 ms: calm$/m)
})

describe('status', () => {
  test('of a healthy server', async (t) => {
    const url = await serving(t)
    const { code, stdout, stderr } = await procward(['status', '--url', `${url}/`])
    assert.deepEqual([code, stderr], [0, ''])
    const lines = stdout.split('\n')
    assert.equal(lines[0], `${url}  ready`)
    for (const line of [
      'calls     2 of 3 at once, 1 waiting',
      'sessions  1 of 5: 1 idle',
      'cleanup   every 1 min 0 s, scope tree: 15 scans, 3 ended, 0 errors',
      'alerts    none',
      ' PID  SERVER    TOOL             RUNNING',
      '4242  asana-v2  list_workspaces    2.3 s',
    ]) {
      assert.ok(lines.includes(line), `${line}\n--- in\n${stdout}`)
    }
  })

  test('as JSON', async (t) => {
    const url = await serving(t)
    const outcome = await procward(['status', '--json'], { env: { PROCWARD_URL: url } })
    assert.equal(outcome.code, 0)
    const { uptime, memory, ...document } = documentOf(outcome)
    assert.ok(uptime > 0 && memory > 0)
    assert.deepEqual(document, {
      schemaVersion: 1,
      command: 'status',
      url,
      ready: true,
      reason: null,
      health: {
        semaphore: { maxConcurrent: 3, current: 2, queued: 1, available: 1 },
        activeProcesses: { count: 1, processes: [CALL] },
        cleanup: { ...STATS, scope: 'tree', lastScan: null },
        pool: { maxSessions: 5, queued: 0, sessions: [SESSION] },
      },
      alerts: [],
    })
    assert.equal(outcome.stdout.indexOf('\n'), outcome.stdout.length - 1)
  })

  test('of a server with an alert, or that takes no calls, gives exit code 1', async (t) => {
    const alarmed = await procward([
      'status',
      '--url',
      await serving(t, { calls: Array.from({ length: 6 }, (_, at) => ({ ...CALL, pid: at + 1 })) }),
    ])
    assert.equal(alarmed.code, 1)
    assert.match(
      alarmed.stdout,
      /^alert {5}warning: 6 active processes detected \(recommended max: 5\)$/m,
    )
    const draining = await procward(['status', '--url', await serving(t, { reason: 'draining' })])
    assert.equal(draining.code, 1)
    assert.match(draining.stdout, / {2}not ready: shutting down$/m)
  })

  test('prints all alerts if the server lists them', async (t) => {
    const alerts = [
      {
        name: 'queueDepth',
        level: 'critical',
        message: '40 calls wait',
        since: 1,
        value: 40,
        threshold: 2,
      },
      {
        name: 'processes',
        level: 'warning',
        message: '6 active',
        since: 1,
        value: 6,
        threshold: 5,
      },
    ]
    const url = await answering(t, (body) => ({ ...body, alerts }))
    const outcome = await procward(['status', '--url', url, '--json'])
    assert.equal(outcome.code, 1)
    assert.deepEqual(documentOf(outcome).alerts, alerts)
    const { stdout } = await procward(['status', '--url', url])
    assert.match(stdout, /^alert {5}critical: 40 calls wait\nalert {5}warning: 6 active$/m)
  })

  test('prints no terminal sequence and no line break from a name', async (t) => {
    const evil = '\u001b[2J\u001b]0;owned\u0007x\r\nfake line\u009b31m\u202e'
    const url = await serving(t, { names: { server: evil, tool: `${evil}${'y'.repeat(5000)}` } })
    for (const json of [[], ['--json']]) {
      const { code, stdout } = await procward(['status', '--url', url, ...json])
      assert.equal(code, 0)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]|\\u001b|\\u009b/)
      assert.doesNotMatch(stdout, /^fake/m)
    }
  })

  test('--quiet prints nothing and gives the same exit code', async (t) => {
    const quiet = await procward([
      'status',
      '-q',
      '--url',
      await serving(t, { reason: 'queue-full' }),
    ])
    assert.deepEqual(quiet, { code: 1, signal: null, stdout: '', stderr: '' })
  })

  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
  const COLOR = /\u001b\[\d+m/
  /** @type {[Record<string, string>, boolean][]} */
  const COLORS = [
    [{}, false],
    [{ FORCE_COLOR: '1' }, true],
    [{ FORCE_COLOR: '0' }, false],
    [{ FORCE_COLOR: 'false' }, false],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    [{ NO_COLOR: '', FORCE_COLOR: '1' }, true],
    [{ NO_COLOR: '0' }, false],
  ]
  for (const [variables, expected] of COLORS) {
    test(`colours with ${JSON.stringify(variables)}: ${expected}`, async (t) => {
      // Node.js 22 and newer itself warns about both variables at once.
      const env = { ...variables, NODE_NO_WARNINGS: '1' }
      const { stdout, stderr } = await procward(['status', '--url', await serving(t)], { env })
      assert.equal(COLOR.test(stdout), expected)
      assert.equal(stderr, '')
      const { stdout: json } = await procward(['status', '--json', '--url', await serving(t)], {
        env,
      })
      assert.doesNotMatch(json, COLOR)
    })
  }
})

describe('a token', () => {
  const token = 't0ken-hunter2'

  test('is sent to the server only', async (t) => {
    /** @type {(string | undefined)[]} */
    const heard = []
    const router = healthRouter(source())
    const base = await listening(t, (req, res) => {
      heard.push(req.headers.authorization)
      if (req.headers.authorization === `Bearer ${token}`) return router(req, res)
      res.writeHead(401).end(`{"error":"not ${req.headers.authorization}"}`)
    })
    const url = `${base}/api/health`
    assert.equal((await procward(['status', '--url', url, '--token', token])).code, 0)
    assert.equal(
      (await procward(['status', '--url', url], { env: { PROCWARD_TOKEN: token } })).code,
      0,
    )
    assert.deepEqual(new Set(heard), new Set([`Bearer ${token}`]))

    const wrong = await procward(['status', '--url', url, '--token', 'hunter3'])
    assert.deepEqual([wrong.code, wrong.stdout], [3, ''])
    assert.equal(wrong.stderr, `procward: ${url} does not take this token\n`)
    const none = await procward(['status', '--url', url])
    assert.match(none.stderr, /wants a token: set PROCWARD_TOKEN\n$/)
  })

  test('is not sent to the target of a redirect', async (t) => {
    let asked = 0
    const other = await listening(t, (_req, res) => {
      asked++
      res.end('{}')
    })
    const url = await listening(t, (_req, res) => res.writeHead(302, { location: other }).end())
    const { code, stderr } = await procward(['status', '--url', url, '--token', token])
    assert.equal(code, 3)
    assert.match(stderr, /answers with a redirect \(302\), which is not followed/)
    assert.doesNotMatch(stderr, /hunter2/)
    assert.equal(asked, 0)
  })

  test('that is malformed is refused without its text', async () => {
    const { code, stderr } = await procward(['status'], {
      env: { PROCWARD_TOKEN: 'hunter2\nx: y' },
    })
    assert.equal(code, 2)
    assert.doesNotMatch(stderr, /hunter2/)
  })

  test('over plain HTTP to another machine is a warning, except with --quiet', async () => {
    // A name that is never anywhere.
    const args = ['status', '--url', 'http://procward.invalid', '--token', token]
    const { code, stderr } = await procward(args)
    assert.equal(code, 3)
    assert.match(stderr, /^procward: the token goes to procward\.invalid unencrypted/)
    assert.doesNotMatch((await procward([...args, '-q'])).stderr, /unencrypted/)
  })
})

describe('an unexpected answer gives exit code 3 and a message', () => {
  /** @type {[string, import('node:http').RequestListener, RegExp][]} */
  const STRANGERS = [
    [
      'a page',
      (_req, res) => res.setHeader('content-type', 'text/html').end('<html>'),
      /not as procward's/,
    ],
    ['other JSON', (_req, res) => res.end('{"status":"ok"}'), /not as procward's/],
    ['null', (_req, res) => res.end('null'), /not as procward's/],
    ['nothing', (_req, res) => res.end(), /not as procward's/],
    ['404', (_req, res) => res.writeHead(404).end(), /no such health route \(404\)/],
    ['403', (_req, res) => res.writeHead(403).end('\u001b[2J'), /refuses this request \(403\)/],
    ['500', (_req, res) => res.writeHead(500).end('secret'), /answers with status 500/],
    ['a hang-up', (req) => req.socket.destroy(), /cannot reach .*: /],
    [
      'a half answer',
      (_req, res) => res.writeHead(200, { 'content-length': 9 }).write('{', () => res.destroy()),
      /reach/,
    ],
    ['no end', (_req, res) => endless(res), /cannot reach .*: its answer is too long/],
    ['silence', () => {}, /cannot reach .*: no answer within 5 s/],
  ]
  for (const [name, listener, message] of STRANGERS) {
    test(name, async (t) => {
      const url = await listening(t, listener)
      for (const command of ['status', 'metrics']) {
        const { code, stdout, stderr } = await procward([command, '--url', url, '--json'])
        assert.deepEqual([code, stdout], [3, ''], stderr)
        assert.match(stderr, message)
        assert.equal(stderr.split('\n').length, 2)
      }
    })
  }

  test('no server', async () => {
    const url = await deadUrl()
    const { code, stdout, stderr } = await procward(['status', '--url', url])
    assert.deepEqual(
      [code, stdout, stderr],
      [3, '', `procward: cannot reach ${url}: ECONNREFUSED\n`],
    )
  })
})

describe('metrics', () => {
  const TEXT = [
    '# HELP procward_child_spawns_total Processes started.',
    '# TYPE procward_child_spawns_total counter',
    'procward_child_spawns_total{server="asana-v2"} 5',
    'procward_semaphore_limit 3',
    '',
  ].join('\n')

  test('are printed as the server writes them, or as JSON', async (t) => {
    const url = await listening(t, (req, res) => {
      const isAsked = req.url === '/metrics' && req.headers.accept?.startsWith('text/plain')
      res.writeHead(isAsked ? 200 : 404, { 'content-type': 'text/plain; version=0.0.4' }).end(TEXT)
    })
    const { code, stdout } = await procward(['metrics', '--url', url])
    assert.deepEqual([code, stdout], [0, TEXT])
    assert.deepEqual(documentOf(await procward(['metrics', '--url', url, '--json'])), {
      schemaVersion: 1,
      command: 'metrics',
      url,
      samples: [
        { name: 'procward_child_spawns_total', labels: { server: 'asana-v2' }, value: 5 },
        { name: 'procward_semaphore_limit', labels: {}, value: 3 },
      ],
    })
  })
})

test('a reader that closes the pipe ends the command silently with exit code 0', {
  skip: noShell,
}, async (t) => {
  const url = await listening(t, (_req, res) => {
    res
      .writeHead(200, { 'content-type': 'text/plain' })
      .end('procward_semaphore_limit 3\n'.repeat(200_000))
  })
  const shell = '"$@" | head -n 1; echo "$PIPESTATUS"'
  const wrapper = ['bash', '-c', shell, 'bash']
  const { stdout, stderr } = await procward(['metrics', '--url', url], { wrapper })
  assert.deepEqual([stdout, stderr], ['procward_semaphore_limit 3\n0\n', ''])
})

/**
 * The health URL of a server whose /processes is changed on the way.
 * @param {import('node:test').TestContext} t
 * @param {(body: any) => any} change
 */
async function answering(t, change) {
  const router = healthRouter({ ...source(), prefix: '' })
  return listening(t, (req, res) => {
    const end = res.end.bind(res)
    if (req.url === '/processes') {
      res.end = (text) => {
        const changed = JSON.stringify(change(JSON.parse(text)))
        res.setHeader('Content-Length', Buffer.byteLength(changed))
        return end(changed)
      }
    }
    router(req, res)
  })
}

/** Writes until the client hangs up. @param {import('node:http').ServerResponse} res */
function endless(res) {
  const chunk = 'x'.repeat(2 ** 20)
  pipeline(
    function* chunks() {
      while (true) yield chunk
    },
    res,
    () => {},
  )
}
