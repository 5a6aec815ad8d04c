// What is told on the channels of node:diagnostics_channel, by real calls and processes.

import assert from 'node:assert/strict'
import diagnostics from 'node:diagnostics_channel'
import { afterEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CleanupScanner, McpPool, ProcessPool, run, Semaphore, spawn } from 'procward'
import { createMcpHelper } from 'procward/mcp-helper'
import { assertNothingLeft, noProcessList, processesOfThisTest } from './support/processes.mjs'
import { child } from './support/servers.mjs'
import { until } from './support/until.mjs'

const NAMES = [
  'call:start',
  'call:end',
  'queue:enter',
  'queue:leave',
  'spawn',
  'exit',
  'kill',
  'limit',
  'unguarded',
]
const SECRET = /hunter2|secret-folder/
const verbatim = fileURLToPath(new URL('fixtures/verbatim-server.mjs', import.meta.url))
const servers = {
  verbatim: {
    command: process.execPath,
    args: [verbatim, '--api-key=hunter2'],
    env: { TOKEN: 'hunter2' },
  },
}
const node = (program, options) => [
  process.execPath,
  ['-e', program, 'hunter2'],
  { env: { A: 'hunter2' }, ...options },
]
const FOREVER = 'setInterval(() => {}, 1000)'

afterEach(assertNothingLeft)

/**
 * What was told on these channels while `act` ran, in order: each time a copy, and the message
 * itself.
 */
async function told(names, act) {
  const events = []
  const listeners = names.map((name) => {
    const listener = (message) => {
      assert.doesNotMatch(JSON.stringify(message), SECRET)
      events.push({ channel: name, ...message, message })
    }
    diagnostics.subscribe(`procward:${name}`, listener)
    return () => diagnostics.unsubscribe(`procward:${name}`, listener)
  })
  try {
    await act(events)
    return events
  } finally {
    for (const stop of listeners) stop()
  }
}

const channels = (events) => events.map(({ channel }) => channel)
const answer = (value) => ({ result: { structuredContent: { value } }, secret: 'hunter2' })

describe('calls', () => {
  test('over a session', async () => {
    const pool = new McpPool({ servers })
    const before = Date.now()
    const events = await told(['call:start', 'call:end'], async () => {
      await pool.callTool('verbatim', 'answer', answer(1))
      await pool.listTools('verbatim')
    })
    await pool.close()
    assert.deepEqual(channels(events), ['call:start', 'call:end', 'call:start', 'call:end'])
    const [start, end, listStart] = events
    assert.deepEqual(Object.keys(start), ['channel', 'id', 'server', 'tool', 'time', 'message'])
    assert.deepEqual([start.server, start.tool], ['verbatim', 'answer'])
    assert.ok(start.time >= before && start.time <= Date.now())
    assert.equal(end.message, start.message, 'both ends have one message')
    assert.equal(end.code, null)
    assert.ok(end.duration >= 0)
    assert.equal(listStart.tool, 'list_tools')
    assert.notEqual(listStart.id, start.id)
  })

  for (const [code, act] of [
    [
      'ERR_MCP',
      (pool) => pool.callTool('verbatim', 'answer', { error: { code: 1, message: 'hunter2' } }),
    ],
    ['ERR_UNKNOWN_SERVER', (pool) => pool.callTool('none', 'answer')],
    [
      'ABORT_ERR',
      (pool) => pool.callTool('verbatim', 'answer', {}, { signal: AbortSignal.abort('hunter2') }),
    ],
  ]) {
    test(`that fail with ${code}`, async () => {
      const pool = new McpPool({ servers })
      const events = await told(['call:start', 'call:end'], () =>
        assert.rejects(act(pool), { code }),
      )
      await pool.close()
      assert.deepEqual(channels(events), ['call:start', 'call:end'])
      assert.equal(events[1].code, code)
    })
  }

  test('of a helper, each once', async () => {
    const helper = createMcpHelper({ servers, transport: 'pool' })
    const events = await told(['call:start', 'call:end'], async () => {
      await helper.callToolAsync('verbatim', 'answer', answer(1))
      await helper.callToolRaw('verbatim', 'answer', answer(2))
      await helper.listToolsAsync('verbatim')
      await helper.callToolAsync(
        'verbatim',
        'answer',
        { result: { isError: true } },
        { rejectOnError: false },
      )
    })
    await helper.shutdown()
    const ends = events.filter(({ channel }) => channel === 'call:end')
    assert.equal(events.length, 8)
    assert.deepEqual(
      ends.map(({ tool, code }) => [tool, code]),
      [
        ['answer', null],
        ['answer', null],
        ['list_tools', null],
        ['answer', 'ERR_TOOL'],
      ],
    )
  })
})

describe('waits', () => {
  test('of calls without a free slot, with the number of the call', async () => {
    const helper = createMcpHelper({ servers, transport: 'pool', maxConcurrent: 1 })
    const events = await told(['call:start', 'queue:enter', 'queue:leave', 'call:end'], () =>
      Promise.all(
        [1, 2, 3].map((value) => helper.callToolAsync('verbatim', 'answer', answer(value))),
      ),
    )
    await helper.shutdown()
    const starts = events.filter(({ channel }) => channel === 'call:start').map(({ id }) => id)
    const enters = events.filter(({ channel }) => channel === 'queue:enter')
    const leaves = events.filter(({ channel }) => channel === 'queue:leave')
    assert.deepEqual(
      enters.map(({ id, queued }) => [id, queued]),
      [
        [starts[1], 0],
        [starts[2], 1],
      ],
    )
    assert.deepEqual(
      leaves.map(({ id, code }) => [id, code]),
      [
        [starts[1], null],
        [starts[2], null],
      ],
    )
    assert.deepEqual(
      leaves.map(({ message }) => message),
      enters.map(({ message }) => message),
    )
    assert.deepEqual(Object.keys(enters[0]), [
      'channel',
      'id',
      'server',
      'tool',
      'time',
      'queued',
      'message',
    ])
  })

  test('in vain', async () => {
    const helper = createMcpHelper({ servers, transport: 'pool', maxConcurrent: 1 })
    const events = await told(['queue:enter', 'queue:leave', 'call:end'], async () => {
      const first = helper.callToolAsync('verbatim', 'answer', answer(1))
      const second = helper.callToolAsync('verbatim', 'answer', answer(2), { queueTimeout: 1 })
      await assert.rejects(second, { code: 'ERR_QUEUE_TIMEOUT' })
      await first
    })
    await helper.shutdown()
    assert.deepEqual(channels(events), ['queue:enter', 'queue:leave', 'call:end', 'call:end'])
    assert.deepEqual(
      events.slice(1).map(({ code }) => code),
      ['ERR_QUEUE_TIMEOUT', 'ERR_QUEUE_TIMEOUT', null],
    )
  })
})

describe('processes', () => {
  const of = (events) =>
    events.map(({ channel, pid, server, tool, reason }) => [channel, pid, server, tool, reason])

  for (const [how, program, exitCode, signal, reason] of [
    ['well', '', 0, null, 'ok'],
    ['badly', 'process.exit(3)', 3, null, 'error'],
    ['by a signal', "process.kill(process.pid, 'SIGKILL')", null, 'SIGKILL', 'killed'],
  ]) {
    test(`that end ${how}`, async () => {
      let result
      const events = await told(['spawn', 'exit', 'kill'], async () => {
        result = await run(...node(program, { server: 'mine', tool: 'build', reject: false }))
      })
      const label = [result.pid, 'mine', 'build']
      assert.deepEqual(of(events), [
        ['spawn', ...label, undefined],
        ['exit', ...label, reason],
      ])
      assert.deepEqual(
        [events[1].exitCode, events[1].signal, events[1].duration],
        [exitCode, signal, result.duration],
      )
      assert.deepEqual(Object.keys(events[0]), [
        'channel',
        'pid',
        'server',
        'tool',
        'time',
        'message',
      ])
    })
  }

  test('that run for a while are published while they run', async () => {
    await told(['spawn', 'exit', 'kill'], async (events) => {
      const controller = new AbortController()
      const running = run(...node(FOREVER, { signal: controller.signal }))
      await until(() => events.length > 0)
      controller.abort()
      await assert.rejects(running, { code: 'ABORT_ERR' })
      assert.deepEqual(channels(events), ['spawn', 'kill', 'exit'])
      assert.deepEqual(
        events.map(({ reason }) => reason),
        [undefined, 'aborted', 'aborted'],
      )
    })
  })

  test('that stream are published at once', async () => {
    await told(['spawn', 'exit', 'kill'], async (events) => {
      const tracked = spawn(...node(FOREVER))
      await new Promise((resolve) => tracked.once('spawn', resolve))
      assert.deepEqual(of(events), [['spawn', tracked.pid, null, null, undefined]])
      await tracked.kill()
      assert.deepEqual(channels(events), ['spawn', 'kill', 'exit'])
    })
  })

  test('that take too long, or write too much', async () => {
    const events = await told(['kill'], async () => {
      await run(...node(FOREVER, { timeout: 1, reject: false }))
      await run(...node("console.log('x'.repeat(1e6))", { maxBuffer: 10, reject: false }))
    })
    assert.deepEqual(
      events.map(({ reason }) => reason),
      ['timeout', 'max_buffer'],
    )
  })

  test('that could not be started are not published', async () => {
    const events = await told(['spawn', 'exit', 'kill'], async () => {
      await assert.rejects(run('/secret-folder/none'), { code: 'ERR_SPAWN' })
      await assert.rejects(run(...node('', { signal: AbortSignal.abort() })), { code: 'ABORT_ERR' })
    })
    assert.deepEqual(events, [])
  })

  test('that started before the subscription', async () => {
    const tracked = spawn(...node(FOREVER))
    await new Promise((resolve) => tracked.once('spawn', resolve))
    const events = await told(['spawn', 'exit'], async () => {
      await run(...node(''))
      await tracked.kill()
    })
    assert.deepEqual(
      events.filter(({ pid }) => pid === tracked.pid).map(({ channel }) => channel),
      ['spawn', 'exit'],
    )
    assert.equal(events[0].pid, tracked.pid)
  })

  test('that subscribers start themselves', async () => {
    let second
    const start = () => {
      second ??= run(...node('', { server: 'second' }))
    }
    diagnostics.subscribe('procward:exit', start)
    const events = await told(['spawn', 'exit'], async () => {
      await run(...node('', { server: 'first' }))
      await second
    })
    diagnostics.unsubscribe('procward:exit', start)
    assert.deepEqual(
      events.map(({ channel, server }) => [channel, server]),
      [
        ['spawn', 'first'],
        ['exit', 'first'],
        ['spawn', 'second'],
        ['exit', 'second'],
      ],
    )
  })

  test('of a session and of a worker', async () => {
    const pool = new McpPool({ servers })
    const workers = new ProcessPool({ command: process.execPath, args: ['-e', FOREVER] })
    await told(['call:end', 'spawn', 'exit', 'kill'], async (events) => {
      await pool.callTool('verbatim', 'answer', answer(1))
      const [{ pid: session }] = pool.getStatus().sessions
      assert.deepEqual(
        of(events).map((event) => event.slice(0, 3)),
        [
          ['spawn', session, 'verbatim'],
          ['call:end', undefined, 'verbatim'],
        ],
      )
      const worker = await workers.acquire()
      assert.deepEqual(of(events).slice(2), [['spawn', worker.pid, null, null, undefined]])
      worker.release()
      await pool.close()
      await until(() => events.length > 3)
      await workers.close()
      await until(() => events.length > 5)
      const ends = events
        .slice(3)
        .map(({ channel, pid, reason, exitCode }) => [channel, pid, reason, exitCode])
      assert.deepEqual(ends.slice(0, 2), [
        ['exit', session, 'ok', 0],
        ['kill', worker.pid, 'shutdown', undefined],
      ])
      assert.deepEqual(ends[2].slice(0, 3), ['exit', worker.pid, 'shutdown'])
    })
  })

  test('of a session and of a worker that did not start in time', async () => {
    // The end of its input would end it too.
    const [command, args] = node('process.stdin.resume()')
    const pool = new McpPool({ servers: { mute: { command, args } }, startTimeout: 300 })
    const workers = new ProcessPool({ command, args, ready: true, readyTimeout: 300 })
    const events = await told(['exit', 'kill'], async (events) => {
      await assert.rejects(pool.callTool('mute', 'answer'), { code: 'ERR_SERVER_START' })
      await assert.rejects(workers.acquire(), { code: 'ERR_WORKER_START' })
      await until(() => events.length > 3)
    })
    await Promise.all([pool.close(), workers.close()])
    assert.deepEqual(
      events.map(({ channel, server, reason }) => [channel, server, reason]),
      ['mute', null].flatMap((server) => [
        ['kill', server, 'timeout'],
        ['exit', server, 'timeout'],
      ]),
    )
  })

  test('that the cleanup terminated, each once', async (t) => {
    const scanner = new CleanupScanner({ maxAge: 1, scope: 'tree', killGrace: 1 })
    const events = await told(['kill'], async () => {
      const stranger = await child(t)
      const tracked = spawn(...node(FOREVER, { server: 'mine' }))
      await new Promise((resolve) => tracked.once('spawn', resolve))
      await scanner.cleanupAll({ dryRun: true })
      const { killed } = await scanner.cleanupAll()
      assert.deepEqual(killed.map(({ pid }) => pid).sort(), [stranger, tracked.pid].sort())
      await assert.rejects(tracked.exited, { code: 'ERR_CLEANUP' })
      await until(() => noProcessList || processesOfThisTest().length === 0)
    })
    assert.deepEqual(events.map(({ server, reason }) => [server, reason]).sort(), [
      [null, 'cleanup'],
      ['mine', 'cleanup'],
    ])
  })
})

test('terminations by a scan in the background are published', async (t) => {
  const scanner = new CleanupScanner({ maxAge: 1, scope: 'tree', killGrace: 1, interval: 50 })
  t.after(() => scanner.stop())
  await told(['kill'], async (events) => {
    const stranger = await child(t)
    scanner.start()
    await until(() => events.length > 0)
    assert.deepEqual(
      events.map(({ pid, server, reason }) => [pid, server, reason]),
      [[stranger, null, 'cleanup']],
    )
  })
})

test('a changed limit is published', async () => {
  const semaphore = new Semaphore(3)
  const events = await told(['limit'], async () => {
    semaphore.resize(5)
    semaphore.resize(5)
    assert.throws(() => semaphore.resize(0), { code: 'ERR_INVALID_CONFIG' })
    semaphore.resize(1)
  })
  assert.deepEqual(
    events.map(({ before, maxConcurrent }) => [before, maxConcurrent]),
    [
      [3, 5],
      [5, 1],
    ],
  )
})

test('without a subscriber no event is made', async () => {
  const publish = diagnostics.Channel.prototype.publish
  const published = []
  diagnostics.Channel.prototype.publish = function (message) {
    published.push([this.name, message])
    return publish.call(this, message)
  }
  try {
    const pool = new McpPool({ servers })
    await pool.callTool('verbatim', 'answer', answer(1))
    await pool.close()
    await run(...node(''))
    new Semaphore(1).resize(2)
  } finally {
    diagnostics.Channel.prototype.publish = publish
  }
  assert.deepEqual(
    published.filter(([name]) => name.startsWith('procward')),
    [],
  )
})

test('exactly the documented channels exist', async () => {
  const { channels } = (await import('../lib/diagnostics.js')).default
  assert.deepEqual(
    Object.values(channels).map(({ name }) => name),
    NAMES.map((name) => `procward:${name}`),
  )
})
