// The limits of a server's calls in `procward status` and `top`, in wide and narrow terminals.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { healthRouter } from 'procward/health'
import outputModule from '../lib/cli/output.js'
import { serverLines } from '../lib/cli/server-lines.js'
import { wrapped } from '../lib/cli/text.js'
import limiterModule from '../lib/limiter.js'
import { documentOf, listening, procward } from './support/cli.mjs'
import { watched } from './support/watched.mjs'

const { Output } = outputModule
const { CallLimiter } = limiterModule
const noTerminal =
  spawnSync('script', ['--version']).status === 0
    ? false
    : "needs util-linux's script for a terminal"

const use = (server, more) => ({
  server,
  limit: null,
  rate: null,
  current: 0,
  queued: 0,
  pausedFor: 0,
  ...more,
})
const RATE = { limit: 150, interval: 60_000, recent: 12 }
const SERVERS = [
  use('asana-v2', { limit: 2, current: 2, queued: 3 }),
  use('filesystem', { current: 1 }),
  use('google-ads', { rate: RATE, pausedFor: 42_100 }),
]

/** The lines of servers in a terminal of this width. */
function linesIn(columns, servers = SERVERS) {
  const stdout = { isTTY: columns < Infinity, columns, rows: 24 }
  return serverLines({ servers }, new Output({ color: false, stdout }))
}

describe('the lines of servers', () => {
  for (const columns of [80, Infinity])
    test(`are a table in ${columns} columns`, () =>
      assert.deepEqual(linesIn(columns), [
        'SERVER       SLOTS  WAITING                    RATE  PAUSED FOR',
        'asana-v2    2 of 2        3                       -           -',
        'filesystem       1        0                       -           -',
        'google-ads       0        0  12 of 150 in 1 min 0 s      42.1 s',
      ]))

  test('are paragraphs in 40 columns', () =>
    assert.deepEqual(linesIn(40), [
      ...['asana-v2', '  2 of 2 in use, 3 waiting'],
      ...['filesystem', '  1 in use, 0 waiting'],
      ...['google-ads', '  0 in use, 0 waiting', '  rate 12 of 150 in 1 min 0 s'],
      '  paused for 42.1 s',
    ]))

  test('leave out columns that are empty', () =>
    assert.deepEqual(linesIn(40, SERVERS.slice(0, 2)), [
      'SERVER       SLOTS  WAITING',
      'asana-v2    2 of 2        3',
      'filesystem       1        0',
    ]))

  test('are absent without servers', () => {
    assert.deepEqual(linesIn(80, []), [])
    assert.deepEqual(serverLines({}, new Output({ stdout: {} })), [])
  })

  for (const columns of [40, 80])
    test(`fit into ${columns} columns, whatever the names are`, () => {
      const evil = `\u001b[2J\r\n\u202e${'n'.repeat(300)}`
      const servers = [use(evil, { limit: 2 ** 32, rate: RATE, pausedFor: 3_600_000 })]
      for (const line of linesIn(columns, servers)) {
        assert.ok([...line].length <= columns, line)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
        assert.doesNotMatch(line, /[\u0000-\u001f\u202e]/)
      }
    })

  test('show 20 servers: the paused ones and those with most waiters', () => {
    const servers = Array.from({ length: 50 }, (_, at) => use(`s${at}`, { queued: at }))
    servers[0].pausedFor = 1000
    const [, first, second, ...rest] = linesIn(80, servers)
    assert.match(first, /^s0 /)
    assert.match(second, /^s31 /)
    assert.deepEqual([rest.length, rest.at(-1)], [19, 'and 30 more servers'])
  })
})

describe('a wrapped line', () => {
  for (const [line, columns, expected] of [
    ['alert     short', 40, ['alert     short']],
    ['alert     short', Infinity, ['alert     short']],
    ['alert     one two three', 20, ['alert     one two', '          three']],
    ['alert     0123456789abc', 20, ['alert     0123456789', '          abc']],
    ['alert     one 0123456789', 20, ['alert     one', '          0123456789']],
    ['alert     one', 1, ['alert     one']],
  ])
    test(`${line} in ${columns}`, () => assert.deepEqual(wrapped(line, columns), expected))
})

describe('a server whose calls wait', () => {
  /** The URL of a server whose limiter has a full, a rated and a paused server. */
  async function serving(t) {
    const limiter = new CallLimiter(3, {
      maxQueue: Infinity,
      limits: { 'asana-v2': 1 },
      rates: { 'google-ads': { limit: 150, interval: 60_000 } },
    })
    t.after(() => limiter.close())
    const acquire = (server) => limiter.acquire({ server, cost: 1, timeout: Infinity })
    await acquire('asana-v2')
    acquire('asana-v2').catch(() => {})
    limiter.pause('google-ads', 3_600_000)
    const { helper, cleanup } = watched()
    const getSemaphoreStatus = () => limiter.getStatus()
    return listening(t, healthRouter({ helper: { ...helper, getSemaphoreStatus }, cleanup }))
  }

  test('is shown by status, with the alert for its pause', async (t) => {
    const { code, stdout, stderr } = await procward(['status', '--url', await serving(t)])
    assert.deepEqual([code, stderr], [1, ''])
    assert.match(stdout, /^calls {5}1 of 3 at once, 1 waiting\nlimited {3}by a server's limit$/m)
    assert.match(
      stdout,
      /^alert {5}warning: google-ads is paused by its own Retry-After for another 3\d{3}(\.\d)? s /m,
    )
    assert.match(
      stdout,
      /\n\nSERVER +SLOTS +WAITING +RATE +PAUSED FOR\nasana-v2 +1 of 1 +1 +- +-\ngoogle-ads +0 +0 +0 of 150 in 1 min 0 s +(59 min|1 h) \d+ \w+\n\nno calls\n/,
    )
  })

  test('is in the JSON of status as the server told it', async (t) => {
    const { health } = documentOf(await procward(['status', '--json', '--url', await serving(t)]))
    const { limitedBy, servers } = health.semaphore
    assert.equal(limitedBy, 'server')
    assert.deepEqual(servers[0], use('asana-v2', { limit: 1, current: 1, queued: 1 }))
    assert.ok(servers[1].pausedFor > 0)
  })

  for (const columns of [40, 80])
    test(`fits into a terminal of ${columns} columns, by top`, { skip: noTerminal }, async (t) => {
      const url = await serving(t)
      const top = `stty rows 40 cols ${columns}; exec "$NODE" "$PROCWARD" top --count 1 --url ${url}`
      const script = `NODE=$1 PROCWARD=$2 exec script --quiet --return --command '${top}' /dev/null`
      const { code, stdout } = await procward([], {
        env: { TERM: 'xterm' },
        wrapper: ['sh', '-c', script, 'sh'],
      })
      assert.equal(code, 0, stdout)
      const [frame] = stdout.slice(stdout.indexOf('\u001b[H') + 3).split('\u001b[J', 1)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal codes
      const lines = frame.replace(/\u001b\[[\d;]*[mK]/g, '').split('\r\n')
      const longest = lines
        .slice(1)
        .reduce((one, other) => (one.length > other.length ? one : other))
      assert.ok(longest.length <= columns, longest)
      assert.match(frame, /google-ads is paused/)
      assert.ok(
        lines.some((line) => /(59 min|1 h) \d+ \w+$/.test(line)),
        frame,
      )
    })
})

test('an answer with something else than a list of servers is refused', async (t) => {
  const { helper, cleanup } = watched()
  const router = healthRouter({ helper, cleanup })
  const url = await listening(t, (req, res) => {
    const end = res.end.bind(res)
    if (req.url === '/processes')
      res.end = (text) => {
        const body = JSON.parse(text)
        body.semaphore.servers = [null]
        const changed = JSON.stringify(body)
        res.setHeader('Content-Length', Buffer.byteLength(changed))
        return end(changed)
      }
    router(req, res)
  })
  const { code, stderr } = await procward(['status', '--url', url])
  assert.equal(code, 3)
  assert.match(stderr, /not as procward's/)
})
