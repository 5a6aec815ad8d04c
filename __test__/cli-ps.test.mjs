// `procward ps`, which looks and touches nothing.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { test } from 'node:test'
import { healthRouter } from 'procward/health'
import { getActiveProcesses, McpPool } from '../index.js'
import { detailsOf, fromPs } from '../lib/cli/process-details.js'
import { withServer } from '../lib/cli/processes.js'
import { STATES, stateOf } from '../lib/cli/states.js'
import { deadUrl, documentOf, listening, procward } from './support/cli.mjs'
import { hostileServer } from './support/hostile.mjs'
import { kill, noProcessList, parentOf } from './support/processes.mjs'
import { child, duringCall, host, sleeper } from './support/servers.mjs'
import { until } from './support/until.mjs'

const OWNED = {
  state: 'owned',
  why: 'started through procward by a server that is running',
  code: 'other_instance',
}
const helper = {
  getSemaphoreStatus: () => ({ maxConcurrent: 3, current: 1, queued: 0, available: 2 }),
  getActiveProcesses,
}

/**
 * The document of `ps`, with its processes by pid.
 * @param {string[]} args
 * @param {Parameters<typeof procward>[1]} [options]
 */
async function ps(args = [], options) {
  const outcome = await procward(['ps', '--json', ...args], options)
  const { processes, ...document } = documentOf(outcome)
  return { ...document, code: outcome.code, of: new Map(processes.map((row) => [row.pid, row])) }
}

test('every code of the scanner is documented, declared, and has a state if this command can show it', () => {
  const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
  const codes = (text, pattern) => [...text.matchAll(pattern)].map(([, code]) => code)
  const all = codes(read('src/scanner/reason.rs'), /\w+ = "(\w+)",/g)
  const docs = read('docs/command-line.md')
  assert.deepEqual(codes(docs.slice(docs.indexOf('## Codes of')), /^\| `(\w+)` /gm), all)
  const types = read('index.d.ts')
  const union = (name) => types.slice(types.indexOf(`type ${name} =`)).split('\n\n')[0]
  const declared = union('CleanupReason') + union('ScanReason')
  assert.deepEqual(codes(declared, /\| '(\w+)'/g), all)
  // Only a server with calls of its own, a wider scope or a list of allowed processes has these.
  const others = ['call_too_old', 'descendant_too_old', 'node_too_old', 'allowed', 'pooled']
  others.push('managed_by_node', 'within_deadline', 'other_namespace', 'spared_tree', 'young')
  assert.deepEqual([...STATES.keys(), ...others].sort(), all.sort())
  const unknown = { code: 'something_new', reason: 'something new' }
  assert.deepEqual(stateOf(unknown), { state: 'unknown', why: 'something new' })
})

test('a call of a running server, without and with that server', async (t) => {
  const url = await listening(t, healthRouter({ helper }))
  await duringCall(
    async (pid) => {
      await until(async () => (await ps()).of.get(pid)?.state === 'owned')
      const alone = await ps()
      assert.deepEqual([alone.schemaVersion, alone.command, alone.url], [1, 'ps', null])
      const { age, startTime, cpu, memory, command, ppid, user, ...row } = alone.of.get(pid)
      const owner = process.pid
      const unknown = { server: null, starting: false, tools: [] }
      assert.deepEqual(row, { pid, owner, name: 'node', ...OWNED, ...unknown })
      assert.ok(age > 0)
      assert.ok(startTime > Date.now() - 600_000 && startTime <= Date.now())
      if (!noProcessList) {
        assert.ok(memory > 0)
        // Node.js cannot start in less than a tick.
        assert.ok(cpu > 0)
        assert.equal(ppid, parentOf(pid))
        assert.equal(user, userInfo().username)
        assert.equal(command, 'node .../sleeper.mjs call')
      }
      const asked = (await ps(['--url', url])).of.get(pid)
      assert.deepEqual(
        [asked.server, asked.tools, asked.state],
        ['asana-v2', ['list_workspaces'], 'owned'],
      )
      const { stdout } = await procward(['ps', '--url', url])
      const line = stdout.split('\n').find((each) => each.trim().startsWith(`${pid} `))
      assert.match(String(line), / owned .* asana-v2 list_workspaces {2}/)
      assert.match(stdout, /^ *PID +OWNER {2}STATE +AGE +MEMORY {2}FOR +COMMAND$/m)
    },
    { server: 'asana-v2', tool: 'list_workspaces' },
    [process.execPath, [sleeper, 'call']],
  )
})

test('with --url, ps and top list that server and its processes alone', async (t) => {
  const url = await listening(t, healthRouter({ helper }))
  const far = await host(t)
  await duringCall(async (pid) => {
    const all = await until(async () => {
      const found = (await ps()).of
      return [pid, far.call].every((each) => found.get(each)?.state === 'owned') && found
    })
    assert.deepEqual([all.get(pid).owner, all.get(far.call).owner], [process.pid, far.host])
    const asked = (await ps(['--url', url])).of
    assert.equal(asked.get(pid)?.owner, process.pid)
    assert.deepEqual([asked.has(far.call), asked.has(far.host)], [false, false])
    const { processes } = documentOf(
      await procward(['top', '--count', '1', '--json', '--url', url]),
    )
    assert.ok(processes.some((row) => row.pid === pid && row.owner === process.pid))
    assert.ok(!processes.some((row) => row.pid === far.call))
    const named = await ps([], { env: { PROCWARD_URL: url } })
    assert.ok(named.of.has(far.call), 'PROCWARD_URL names a server and leaves nothing out')
  })
})

test('every Node.js process has the reason why it is ours or not', {
  skip: noProcessList,
}, async (t) => {
  const far = await host(t)
  const plain = await child(t)
  const kept = await child(t, { env: { PROCWARD_KEEP: '1' } })
  await until(async () => (await ps()).of.get(far.call)?.state === 'owned')
  let own
  const { of } = await ps(['--all'], { onStart: ({ pid }) => (own = pid) })
  const said = (pid) => `${of.get(pid)?.state}: ${of.get(pid)?.why}`
  assert.deepEqual([far.call, far.host, far.plain, plain, kept, own, process.pid].map(said), [
    `owned: ${OWNED.why}`,
    'server: a server that uses procward itself',
    'foreign: not started through procward',
    'foreign: not started through procward',
    'foreign: asked to be kept by PROCWARD_KEEP=1',
    'foreign: this command',
    'foreign: this command was started from it',
  ])
  assert.ok([...of.values()].some(({ state, code }) => state === 'guard' && code === 'warden'))

  const ours = (await ps()).of
  const shown = Object.values(far).filter((pid) => ours.has(pid))
  assert.deepEqual(shown.sort(), [far.host, far.call].sort())
  assert.deepEqual(
    [plain, kept, own].filter((pid) => ours.has(pid)),
    [],
  )
})

test('no secret of a command line and no token is shown', {
  skip: noProcessList,
}, async (t) => {
  const secrets = [
    'hunter2',
    'correcthorse',
    '5f2c9a7b1e3d4f605f2c9a7b1e3d4f60',
    'battery',
    'staple',
    'enigma',
  ]
  const args = ['call', '', `--api-key=${secrets[0]}`, '--password', secrets[1], secrets[2]]
  const more = [`https://me:${secrets[3]}@h.example/`, JSON.stringify({ query: secrets[4] })]
  const env = { ...process.env, SOME_KEY: secrets[5] }
  await duringCall(
    async (pid) => {
      const token = 'own-token-xyzzy'
      const url = await deadUrl()
      const outcomes = [
        procward(['ps']),
        procward(['ps', '--all']),
        procward(['ps', '--all', '--json']),
        procward(['clean', '--json']),
        procward(['top', '--count', '1']),
        procward(['doctor', '--url', url, '--token', token]),
      ]
      const watched = until(async () => {
        const rows = documentOf(await procward(['ps', '--all', '--json'])).processes
        return rows.find((row) => row.pid === pid && row.command)
      })
      const { command } = await watched
      assert.equal(
        command,
        'node .../sleeper.mjs call *** --api-key=*** --password *** *** https://h.example/... ***',
      )
      for (const { stdout, stderr } of await Promise.all(outcomes)) {
        for (const secret of [...secrets, token])
          assert.ok(!`${stdout}${stderr}`.includes(secret), `${secret}:\n${stdout}`)
      }
      const slow = await listening(t, () => {})
      let own
      const waiting = procward(['status', '--url', slow, '--token', token], {
        onStart: ({ pid }) => (own = pid),
      })
      const row = await until(async () => (await ps(['--all'])).of.get(own))
      assert.equal(row.command, `node .../procward.js status --url ${slow}/... --token ***`)
      kill(own)
      await waiting
    },
    { env },
    [process.execPath, [sleeper, ...args, ...more]],
  )
})

test("another user's command line is not read", { skip: noProcessList }, async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can become and see another user')
  const program = 'setTimeout(() => {}, 120_000)'
  const wrapper = ['--reuid', '65534', '--clear-groups', process.execPath, '-e', program]
  const other = spawn('setpriv', wrapper, { stdio: 'ignore' })
  t.after(() => other.kill('SIGKILL'))
  const row = await until(async () => {
    const found = (await ps(['--all'])).of.get(other.pid)
    return found?.code === 'other_user' && found
  })
  assert.equal(row.command, null)
  assert.ok(row.memory > 0)
})

test('the output of POSIX ps agrees with /proc', { skip: noProcessList }, async (t) => {
  const plain = await child(t)
  const found = new Map(await fromPs([plain, 2 ** 22 - 1]))
  assert.deepEqual([...found.keys()], [plain])
  assert.equal(found.get(plain)?.command, (await detailsOf([plain]))(plain).command)
  assert.equal(typeof found.get(plain)?.cpu, 'number')
  assert.ok(Number(found.get(plain)?.cpu) >= 0)
  assert.ok(Number(found.get(plain)?.memory) > 2 ** 20)
})

test('a named server that does not answer gives exit code 3', async () => {
  const url = await deadUrl()
  const { code, stdout, stderr } = await procward(['ps'], { env: { PROCWARD_URL: url } })
  assert.deepEqual([code, stdout, stderr], [3, '', `procward: cannot reach ${url}: ECONNREFUSED\n`])
})

test('the environment of a server has no effect', async () => {
  const env = {
    CLEANUP_SCOPE: 'machine',
    PROCESS_MAX_AGE: 'abc',
    CLEANUP_INTERVAL: '-1',
    PROCWARD_WARDEN: 'x',
  }
  const { stderr, stdout } = await procward(['ps', '--json'], { env })
  assert.equal(stderr, '')
  assert.equal(JSON.parse(stdout).schemaVersion, 1)
})

test('a name with separators counts as no name', { skip: noProcessList }, async (t) => {
  const titled = await child(t, { title: 'x\u001b[2J\nfake' })
  const { stdout } = await procward(['ps', '--all'])
  assert.match(stdout, new RegExp(`^ *${titled} `, 'm'))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  assert.doesNotMatch(stdout, /^fake|\u001b/m)
})

test('the answer of a server is joined with the process table', () => {
  const now = 1_000_000
  const base = {
    name: 'node',
    memory: 1,
    server: null,
    starting: false,
    tools: [],
    command: 'node x.js',
  }
  const rows = [
    { ...base, pid: 1, state: 'owned', why: 'w', age: 9000 },
    { ...base, pid: 2, state: 'foreign', why: 'w', age: 9000 },
    { ...base, pid: 3, state: 'owned', why: 'w', age: 1000 },
    { ...base, pid: 4, state: 'owned', why: 'w', age: 500 },
  ]
  const call = (pid, age, tool, server = 'a') => ({
    pid,
    server,
    tool,
    startTime: now - age,
    duration: age,
  })
  const session = (pid, age) => ({ pid, server: 's', state: 'busy', age, memory: 7 })
  const health = {
    activeProcesses: {
      processes: [
        call(1, 2000, 't1'),
        call(1, 1000, 't2'),
        call(2, 1000, 't'),
        call(3, 8000, 't'),
        call(undefined, 1, 't'),
      ],
    },
    pool: { sessions: [session(4, 510), session(9, 60_000), session(undefined, 1)] },
  }
  const joined = withServer(/** @type {any} */ (rows), /** @type {any} */ (health), now)
  const short = joined.map(({ pid, name, state, age, memory, server, tools }) => [
    pid,
    name,
    state,
    age,
    memory,
    server,
    tools,
  ])
  assert.deepEqual(
    short.sort(
      ([one, first], [other, second]) => one - other || String(first).localeCompare(String(second)),
    ),
    [
      [1, 'node', 'owned', 9000, 1, 'a', ['t1', 't2']],
      [2, 'node', 'foreign', 9000, 1, null, []],
      [2, null, 'owned', 1000, null, 'a', ['t']],
      [3, 'node', 'owned', 1000, 1, null, []],
      [3, null, 'owned', 8000, null, 'a', ['t']],
      [4, 'node', 'owned', 500, 1, 's', []],
      [9, null, 'owned', 60_000, 7, 's', []],
    ],
  )
  const here = [
    { ...base, pid: 1, state: 'owned', why: 'w', age: 9000, owner: 50 },
    { ...base, pid: 5, state: 'owned', why: 'w', age: 9000, owner: 50 },
    { ...base, pid: 6, state: 'owned', why: 'w', age: 9000, owner: 60 },
    { ...base, pid: 7, state: 'server', why: 'w', age: 9000, owner: null },
    { ...base, pid: 50, state: 'server', why: 'w', age: 9000, owner: null },
    { ...base, pid: 3, state: 'owned', why: 'w', age: 1000, owner: 60 },
  ]
  const own = withServer(/** @type {any} */ (here), /** @type {any} */ (health), now, true)
  const local = own.filter(({ name }) => name !== null).map(({ pid }) => pid)
  assert.deepEqual(local.sort(), [1, 5, 50])
})

test('a server that hangs in its handshake is starting, by pid and name', {
  skip: noProcessList,
}, async (t) => {
  const servers = { hangs: { ...hostileServer('silent'), startTimeout: 60_000 } }
  const pool = new McpPool({ servers, killGrace: 200 })
  t.after(() => pool.close())
  const getPoolStatus = () => pool.getStatus()
  const url = await listening(t, healthRouter({ helper: { ...helper, getPoolStatus } }))
  const call = pool.callTool('hangs', 'echo').catch(({ code }) => code)
  const session = () => pool.getStatus().sessions[0]
  await until(() => session()?.pid)
  assert.equal(session().state, 'starting')
  const { of } = await ps(['--url', url])
  const { server, starting, tools, age } = of.get(session().pid)
  assert.deepEqual({ server, starting, tools }, { server: 'hangs', starting: true, tools: [] })
  assert.ok(age >= 0)
  const { stdout } = await procward(['ps', '--url', url])
  const line = stdout.split('\n').find((each) => each.trim().startsWith(`${session().pid} `))
  assert.match(line, / hangs \(starting\) /)
  await pool.close()
  assert.equal(await call, 'ERR_CLOSED')
})

test('a missing addon is reported', async () => {
  const { code, stdout, stderr } = await procward(['ps'], {
    env: { NAPI_RS_NATIVE_LIBRARY_PATH: '/nowhere.node' },
  })
  assert.deepEqual([code, stdout], [1, ''])
  assert.match(
    stderr,
    /^procward: procward's native addon cannot be loaded on .*: there is no file \/nowhere\.node/,
  )
})
