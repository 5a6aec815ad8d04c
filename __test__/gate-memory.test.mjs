// What a helper with a gate knows of memory: in its status, in the metrics and in the routes.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { healthRouter } from 'procward/health'
import { Registry } from 'prom-client'
import { registerMetrics, run } from '../index.js'
import { learntLines, memoryLine } from '../lib/cli/memory-lines.js'
import outputModule from '../lib/cli/output.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { gateMemory } from '../lib/metrics/memory.js'
import { learntByServer } from '../lib/prometheus/memory.js'
import { temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { documentOf, listening, procward } from './support/cli.mjs'
import { hostileServer } from './support/hostile.mjs'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'
import { complaints, missing } from './support/prometheus.mjs'
import { until } from './support/until.mjs'

const { Output } = outputModule
const MB = 2 ** 20
const configPath = writeConfig(temporaryFolder(), {})

/** The helpers of a test. */
const helpers = new Set()

afterEach(async () => {
  await Promise.all([...helpers].map((helper) => helper.shutdown()))
  helpers.clear()
  await assertNothingLeft()
})

/** A helper that ends before the processes are counted. */
function gated(options) {
  const helper = createMcpHelper({ configPath, transport: 'pool', ...options })
  helpers.add(helper)
  return helper
}

/** A helper with a server that runs and of which a peak is known. */
async function withPeaks(name, options) {
  const helper = gated({ servers: { [name]: hostileServer() }, ...options })
  await helper.callToolAsync(name, 'pid')
  const learnt = () =>
    helper.getSemaphoreStatus().memory.learnt.find(({ server }) => server === name)
  await until(() => learnt()?.peaks > 0)
  return { helper, learnt }
}

describe('the memory of a gate', { skip: noProcessList }, () => {
  test('has sizes in bytes, and what was learnt about a server that runs', async () => {
    const { helper, learnt } = await withPeaks('gate status', { maxConcurrent: 'auto' })
    const { budget, available, total, reserve, used, running, waiting } =
      helper.getSemaphoreStatus().memory
    assert.deepEqual([budget, running, waiting], [null, 1, 0])
    assert.ok(available > 0 && available <= total, `${available} of ${total}`)
    assert.ok(reserve > 0 && reserve < total, `${reserve} of ${total}`)
    assert.ok(used > MB, `${used}`)
    assert.deepEqual(Object.keys(learnt()), [
      'server',
      'mean',
      'deviation',
      'peaks',
      'running',
      'waiting',
    ])
    assert.ok(learnt().mean > MB && learnt().mean < 1024 * MB, `${learnt().mean}`)
    assert.deepEqual([learnt().running, learnt().waiting], [1, 0])
  })

  test('has the budget, also as a percentage of all', async () => {
    const helper = gated({ memoryBudget: '60%' })
    await run('true')
    await until(() => helper.getSemaphoreStatus().memory.total !== null)
    const { budget, total } = helper.getSemaphoreStatus().memory
    assert.equal(budget, Math.round(total * 0.6))
    const other = gated({ memoryBudget: '5G' })
    assert.equal(other.getSemaphoreStatus().memory.budget, 5 * 1024 ** 3)
  })

  test('is absent without a gate, also beside a helper with one', async () => {
    const one = gated({ maxConcurrent: 'auto' })
    const plain = gated({ limits: { it: 1 } })
    assert.equal('memory' in one.getSemaphoreStatus(), true)
    assert.equal('memory' in plain.getSemaphoreStatus(), false)
    await one.shutdown()
    assert.equal('memory' in one.getSemaphoreStatus(), false)
  })

  test('names a program without its folders', async () => {
    const helper = gated({ maxConcurrent: 'auto' })
    await run(process.execPath, ['--version'])
    const names = helper.getSemaphoreStatus().memory.learnt.map(({ server }) => server)
    assert.ok(names.includes(process.execPath.split(/[/\\]/).at(-1)), `${names}`)
    assert.ok(!names.includes(process.execPath), `${names}`)
  })

  test('is in the metrics, the routes and the status of the command line', async (t) => {
    const { helper, learnt } = await withPeaks('gate shown', { maxConcurrent: 'auto' })
    await run(process.execPath, ['--version'])
    const registry = new Registry()
    registerMetrics(registry, { helper })
    const text = await registry.metrics()
    const sample = (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
    const known = 'procward_server_memory_learnt_bytes{server="gate shown"}'
    assert.ok(sample(known) > MB && sample(known) <= learnt().mean + 64 * MB, text)
    for (const name of ['available', 'reserve', 'used'])
      assert.ok(sample(`procward_gate_memory_${name}_bytes`) > 0, name)
    assert.equal(sample('procward_gate_waiting'), 0)
    assert.doesNotMatch(text, /^procward_gate_memory_budget_bytes /m)
    assert.ok(!text.includes(process.execPath), 'no path')
    if (!missing('promtool')) assert.equal(complaints(text), '')

    const url = await listening(t, healthRouter({ helper }))
    const answer = async (path) =>
      (await fetch(`${url}${path}`, { headers: { Accept: 'application/json' } })).json()
    const { semaphore } = await answer('/processes')
    assert.equal(semaphore.memory.running, 1)
    assert.ok(semaphore.memory.learnt.some(({ server }) => server === 'gate shown'))
    assert.equal((await answer('/events')).health.semaphore.memory.running, 1)
    const { stdout } = await procward(['status', '--url', url])
    assert.match(stdout, /^memory {4}\d.* in 1 process, 0 waiting; .* available, of which /m)
    assert.match(stdout, /^SERVER +NEEDS +PEAKS +TREES +WAITING$/m)
    assert.match(stdout, /^gate shown +[\d.]+ MiB +\d+ +1 +0$/m)
    const { health } = documentOf(await procward(['status', '--json', '--url', url]))
    assert.deepEqual(Object.keys(health.semaphore.memory), Object.keys(semaphore.memory))
  })
})

const learntOf = (server, more) => ({
  server,
  mean: 100 * MB,
  deviation: 0,
  peaks: 1,
  running: 0,
  waiting: 0,
  ...more,
})
const SIZES = { budget: null, available: 900, total: 1000, reserve: 100, used: 50 }
const MEMORY = { ...SIZES, running: 1, waiting: 2, learnt: [learntOf('asana', { running: 1 })] }

describe('the memory in a status', () => {
  for (const [memory, expected] of [
    [undefined, undefined],
    [null, undefined],
    ['hunter2', undefined],
    [MEMORY, MEMORY],
    [{ ...MEMORY, path: 'hunter2', learnt: [{ ...MEMORY.learnt[0], path: 'hunter2' }] }, MEMORY],
    [
      { available: NaN, total: 'hunter2', used: {}, learnt: 'hunter2' },
      {
        budget: null,
        available: null,
        total: null,
        reserve: null,
        used: 0,
        running: 0,
        waiting: 0,
        learnt: [],
      },
    ],
  ])
    test(JSON.stringify(memory) ?? 'absent', () =>
      assert.deepEqual(gateMemory({ memory }), expected),
    )

  for (const [name, expected] of [
    ['asana-v2', 'asana-v2'],
    ['owner/name', 'owner/name'],
    ['@scope/name', '@scope/name'],
    ['/usr/bin/git', 'git'],
    ['/git', 'git'],
    ['./git', 'git'],
    ['../bin/git', 'git'],
    ['.local/git', 'git'],
    ['~/git', 'git'],
    ['a/b/git', 'git'],
    ['C:\\tools\\git.exe', 'git.exe'],
    ['C:/git.exe', 'git.exe'],
    ['bin\\git', 'git'],
    ['/usr/bin/', 'bin'],
    ['/', ''],
    ['', ''],
  ])
    test(`names ${JSON.stringify(name)} ${JSON.stringify(expected)}`, () =>
      assert.equal(gateMemory({ memory: { learnt: [learntOf(name)] } }).learnt[0].server, expected))

  test('has at most 200 servers: those in use, and those that need most', () => {
    const learnt = Array.from({ length: 1000 }, (_, at) => learntOf(`s${at}`, { mean: at }))
    learnt[0].running = 1
    learnt[1].waiting = 1
    learnt[999].peaks = 0
    const names = gateMemory({ memory: { learnt } }).learnt.map(({ server }) => server)
    assert.equal(names.length, 200)
    assert.deepEqual([names[0], names[1], names[2], names.at(-1)], ['s0', 's1', 's801', 's998'])
  })
})

describe('the learnt memory by label', () => {
  test('names counted servers, and is the largest of all others', () => {
    const learnt = [
      learntOf('asana', { mean: 5 }),
      learntOf('invented', { mean: 7 }),
      learntOf('git', { mean: 6 }),
      learntOf('unknown', { mean: 256, peaks: 0 }),
    ]
    assert.deepEqual(
      [...learntByServer(learnt, new Set(['asana', 'unknown']))],
      [
        ['asana', 5],
        ['other', 7],
      ],
    )
  })

  test('has at most 200 names and other', () => {
    const learnt = Array.from({ length: 1000 }, (_, at) => learntOf(`s${at}`, { mean: at }))
    const sizes = learntByServer(learnt, new Set(learnt.map(({ server }) => server)))
    assert.equal(sizes.size, 201)
    assert.equal(sizes.get('other'), 999)
  })
})

describe('the lines about memory', () => {
  const linesIn = (columns, memory) => {
    const stdout = { isTTY: columns < Infinity, columns, rows: 24 }
    return learntLines({ memory }, new Output({ color: false, stdout }))
  }

  test('are absent without a gate and without servers', () => {
    assert.deepEqual(
      [memoryLine({}), linesIn(80), linesIn(80, { ...MEMORY, learnt: [] })],
      [[], [], []],
    )
  })

  for (const [memory, expected] of [
    [MEMORY, '50 B in 1 process, 2 waiting; 900 B available, of which 100 B stays free'],
    [
      { ...MEMORY, budget: 600, running: 2, available: null, reserve: null },
      '50 B of 600 B in 2 processes, 2 waiting; - available, of which - stays free',
    ],
  ])
    test(expected, () => assert.deepEqual(memoryLine({ memory }), [`memory    ${expected}`]))

  for (const columns of [40, 80, Infinity])
    test(`fit into ${columns} columns, whatever the names are`, () => {
      const learnt = [
        learntOf(`\u001b[2J\r\n\u202e${'n'.repeat(300)}`, { mean: 1023 * 1024, peaks: 30 }),
        learntOf('asana', { running: 3 }),
      ]
      const lines = linesIn(columns, { ...MEMORY, learnt })
      assert.equal(lines.length, 3)
      for (const line of lines) {
        assert.ok([...line].length <= columns, line)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
        assert.doesNotMatch(line, /[\u0000-\u001f\u202e]/)
      }
      assert.match(lines[1], /^n+\.\.\. +1023 KiB +30 +0 +0$/)
      assert.match(lines[2], /^asana +100 MiB +1 +3 +0$/)
    })

  test('show 20 servers: those that wait, run or need most', () => {
    const learnt = Array.from({ length: 50 }, (_, at) => learntOf(`s${at}`, { mean: at }))
    learnt[0].waiting = 1
    const [, first, second, ...rest] = linesIn(80, { ...MEMORY, learnt })
    assert.match(first, /^s0 /)
    assert.match(second, /^s31 /)
    assert.deepEqual([rest.length, rest.at(-1)], [19, 'and 30 more servers'])
  })
})
