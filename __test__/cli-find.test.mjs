// The command finds running servers by the files that they leave, and believes nothing else.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { foundServers, stateOf } from '../lib/cli/found-servers.js'
import files from '../lib/server-files.js'
import { documentOf, procward } from './support/cli.mjs'
import { until } from './support/until.mjs'

const program = fileURLToPath(new URL('fixtures/health-host.cjs', import.meta.url))
const onLinux = process.platform === 'linux' ? false : 'needs /proc'
const onPosix = process.platform === 'win32' ? 'Windows has no modes' : false

/** @param {import('node:test').TestContext} t */
function newHome(t) {
  const home = fs.realpathSync(fs.mkdtempSync(path.join(tmpdir(), 'procward-find-')))
  t.after(() => fs.rmSync(home, { recursive: true, force: true }))
  const folder = path.join(home, '.procward', 'servers')
  const names = () => (fs.existsSync(folder) ? fs.readdirSync(folder) : [])
  const env = { HOME: home, USERPROFILE: home, PROCWARD_ANNOUNCE: '' }
  return { home, folder, names, env }
}

/**
 * A server in a process of its own, whose home this is; `url` is that of its health routes.
 * @param {import('node:test').TestContext} t
 * @param {Record<string, string>} env
 * @param {string} [kind]
 */
async function started(t, env, kind = 'express') {
  const child = spawn(process.execPath, [program, kind], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  child.stdout.setEncoding('utf8')
  const [line] = await once(child.stdout, 'data')
  const end = async (signal) => {
    const exited = once(child, 'exit')
    if (signal) child.kill(signal)
    else child.stdin.end()
    await exited
  }
  return { pid: child.pid, url: line.trim(), end }
}

/** Does the work with another home of this process. @param {string} home */
async function at(home, work) {
  const before = process.env.HOME
  Object.assign(process.env, { HOME: home, USERPROFILE: home })
  try {
    return await work()
  } finally {
    Object.assign(process.env, { HOME: before, USERPROFILE: before })
  }
}

describe('a running server', () => {
  test('is found before its first request and after, and leaves nothing', async (t) => {
    const { home, folder, names, env } = newHome(t)
    const { pid, url, end } = await started(t, env)
    const [name] = names()
    assert.match(name, new RegExp(`^${pid}-[0-9a-f]{8}\\.json$`))
    if (!onPosix) assert.equal(fs.statSync(path.join(folder, name)).mode & 0o777, 0o600)
    if (!onPosix) assert.equal(fs.statSync(folder).mode & 0o777, 0o700)
    const file = () => JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'))
    assert.deepEqual(
      [file().pid, file().servers],
      [pid, [{ origin: new URL(url).origin, urls: [] }]],
    )
    const found = await at(home, () => foundServers())
    assert.deepEqual(
      found.map(({ pids, url }) => [pids, url]),
      [[[pid], url]],
    )
    assert.deepEqual(file().servers[0].urls, [url])
    const { code, stdout, stderr } = await procward(['status'], { env })
    assert.deepEqual([code, stderr, stdout.split('\n')[0]], [0, '', `${url}  ready`])
    await end()
    assert.deepEqual(names(), [])
    const after = await procward(['status'], { env })
    assert.equal(after.code, 3)
    assert.match(after.stderr, /No running server was found\. Say where the server is with --url/)
  })

  test('that is too busy to answer is found by the prefix', { skip: onPosix }, async (t) => {
    const { home, env } = newHome(t)
    const { pid, url } = await started(t, env, 'prefix')
    process.kill(pid, 'SIGSTOP')
    const found = await at(home, () => foundServers())
    process.kill(pid, 'SIGCONT')
    assert.deepEqual(
      found.map(({ pids, url }) => [pids, url]),
      [[[pid], url]],
    )
  })

  test('at an unusual path is found after its first request', async (t) => {
    const { home, env } = newHome(t)
    const { pid, url } = await started(t, env, 'nested')
    const before = await at(home, () => foundServers())
    assert.deepEqual([before[0].pids, before[0].url], [[pid], null])
    await fetch(`${url}/ready?x=1`)
    const [{ url: after }] = await at(home, () => foundServers())
    assert.equal(after, url)
  })

  for (const kind of ['prefix', 'root', 'rewritten', 'loopback', 'two'])
    test(`is found when it is ${kind}`, async (t) => {
      const { home, env } = newHome(t)
      const { url } = await started(t, env, kind)
      for (let round = 0; round < 2; round++) {
        const found = await at(home, () => foundServers())
        assert.deepEqual(
          found.map(({ url }) => url),
          [url],
        )
        await fetch(`${url}/live`)
      }
    })

  for (const kind of ['unmounted', 'socket', 'closed', 'off', 'option'])
    test(`leaves no file when it is ${kind}`, async (t) => {
      const { names, env } = newHome(t)
      const { end } = await started(
        t,
        kind === 'off' ? { ...env, PROCWARD_ANNOUNCE: 'off' } : env,
        kind === 'off' ? 'express' : kind,
      )
      assert.deepEqual(names(), [])
      await end()
    })

  test('works with a home that cannot be written', async (t) => {
    const { home, env } = newHome(t)
    fs.writeFileSync(path.join(home, '.procward'), 'a file in the way')
    const { url, end } = await started(t, env)
    assert.equal((await fetch(`${url}/live`)).status, 200)
    await end()
    assert.deepEqual(fs.readdirSync(home), ['.procward'])
  })

  test('writes nothing into a folder that others may write', { skip: onPosix }, async (t) => {
    const { folder, names, env } = newHome(t)
    fs.mkdirSync(folder, { recursive: true })
    fs.chmodSync(folder, 0o777)
    const { end } = await started(t, env)
    assert.deepEqual(names(), [])
    await end()
  })

  test('that was killed is forgotten', { skip: onPosix }, async (t) => {
    const { home, names, env } = newHome(t)
    const { end } = await started(t, env)
    await end('SIGKILL')
    assert.equal(names().length, 1)
    assert.deepEqual(await at(home, () => foundServers()), [])
    assert.deepEqual(names(), [])
  })
})

describe('several running servers', () => {
  test('are listed, and one is chosen by --pid or --url', async (t) => {
    const { env } = newHome(t)
    const [one, other] = await Promise.all([started(t, env), started(t, env)])
    const several = await procward(['status'], { env })
    assert.deepEqual([several.code, several.stdout], [2, ''])
    assert.match(several.stderr, /^procward: several servers are running; choose one of them\n/)
    for (const { pid, url } of [one, other])
      assert.match(several.stderr, new RegExp(`^  --pid ${pid}  --url ${url}`, 'm'))
    const chosen = await procward(['status', '--json', '--pid', String(other.pid)], { env })
    assert.equal(documentOf(chosen).url, other.url)
    const { urls, url } = documentOf(await procward(['ps', '--json'], { env }))
    assert.deepEqual(
      [urls.toSorted?.() ?? [...urls].sort(), url],
      [[one.url, other.url].sort(), null],
    )
    const unknown = await procward(['status', '--pid', String(process.pid)], { env })
    assert.equal(unknown.code, 3)
    assert.match(unknown.stderr, /has left no address of health routes/)
    const both = await procward(['status', '--pid', '1', '--url', one.url], { env })
    assert.equal(both.code, 2)
    const off = await procward(['status', '--pid', '1'], {
      env: { ...env, PROCWARD_ANNOUNCE: 'off' },
    })
    assert.deepEqual([off.code, /use --url/.test(off.stderr)], [2, true])
  })

  test('that share a port are one', async (t) => {
    const { home, names, env } = newHome(t)
    const { url } = await started(t, env, 'cluster')
    await until(() => names().length === 2)
    const [{ pids, url: found }, ...more] = await at(home, () => foundServers())
    assert.deepEqual([pids.length, found, more], [2, url, []])
  })
})

describe('a file is believed', () => {
  const own = files.ownIdentity()
  const content = {
    ...{ version: 1, ...own, mounts: [] },
    servers: [{ origin: 'http://127.0.0.1:9', urls: ['http://127.0.0.1:9/x'] }],
  }
  const here = files.hereOnLinux()
  /** @type {[string, object, string][]} */
  const STATES = [
    ['this process', {}, 'running'],
    ['another start', { start: '1' }, onLinux ? 'running' : 'stale'],
    ['a dead process', { pid: 2 ** 22 + 1, start: null }, 'stale'],
    ['another boot', { boot: 'x' }, onLinux ? 'running' : 'stale'],
    ['another namespace', { namespace: 'pid:[1]' }, 'elsewhere'],
    ['another machine', { host: 'elsewhere.example', pid: 2 ** 22 + 1 }, 'elsewhere'],
  ]
  for (const [what, change, state] of STATES)
    test(`of ${what}: ${state}`, () =>
      assert.equal(stateOf({ ...content, ...change }, here), state))

  /** Reads a folder with one file. @param {import('node:test').TestContext} t */
  async function reading(t, text, prepare = (/** @type {string} */ _file) => {}) {
    const { home, folder, names } = newHome(t)
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
    const file = path.join(folder, '1-00000000.json')
    fs.writeFileSync(file, text, { mode: 0o600 })
    prepare(file)
    const read = await at(home, () => files.readServerFiles())
    assert.equal(names().length, 1)
    return read.map(({ content }) => content)
  }

  test('as it was written', async (t) => {
    assert.deepEqual(await reading(t, JSON.stringify(content)), [content])
  })

  for (const [what, text] of /** @type {[string, string][]} */ ([
    ['no JSON', '{'],
    ['nothing', ''],
    ['a text', '"x"'],
    ['null', 'null'],
    ...[
      { version: 2 },
      { pid: -1 },
      { pid: '1' },
      { start: 5 },
      { startTime: null },
      { mounts: ['/../x'] },
      { servers: 'x' },
      { servers: [null] },
      ...[
        'http://evil.example/x',
        'http://127.0.0.1.evil.example/x',
        'http://user:pass@127.0.0.1:9/x',
        'ftp://127.0.0.1:9/x',
        'http://127.0.0.1:9/x?y',
        'http://127.0.0.1:10/x',
        'http://127.0.0.1:9/\u001b[31m',
        `http://127.0.0.1:9/${'x'.repeat(300)}`,
        5,
      ].map((url) => ({ servers: [{ origin: 'http://127.0.0.1:9', urls: [url] }] })),
    ].map((change) => [JSON.stringify(change), JSON.stringify({ ...content, ...change })]),
    ['too long', JSON.stringify({ ...content, more: 'x'.repeat(20_000) })],
  ]))
    test(`not with ${what.slice(0, 90)}`, async (t) => assert.deepEqual(await reading(t, text), []))

  for (const [what, prepare] of /** @type {[string, (file: string) => void][]} */ ([
    ['that others may read', (file) => fs.chmodSync(file, 0o644)],
    ['that others may write', (file) => fs.chmodSync(file, 0o622)],
    ['in a folder that others may write', (file) => fs.chmodSync(path.dirname(file), 0o770)],
    [
      'that is a link',
      (file) => {
        fs.renameSync(file, path.join(file, '../../real'))
        fs.symlinkSync('../real', file)
      },
    ],
    ['of another user', (file) => fs.chownSync(file, 12345, 12345)],
  ]))
    test(`not ${what}`, { skip: onPosix }, async (t) => {
      if (what === 'of another user' && process.getuid?.() !== 0) return t.skip('needs root')
      assert.deepEqual(await reading(t, JSON.stringify(content), prepare), [])
    })
})
