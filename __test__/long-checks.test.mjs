// What the long checks decide, without the servers and packages that they need.

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { complaint, markdown } from '../scripts/long/clients/table.mjs'
import { Queue } from '../scripts/long/fleet/queue-witness.mjs'
import { runTestFile } from '../scripts/long/nodes/test-file.mjs'
import { fromAva, fromTap } from '../scripts/long/peers/reports.mjs'
import { compared, merged } from '../scripts/long/peers/starters/compare.mjs'
import { asPrinted, normal, WHOLE } from '../scripts/long/servers/compare.mjs'
import { oddServers, startOdd } from './fixtures/odd/index.mjs'
import { isAlive, noProcessList } from './support/processes.mjs'
import { until } from './support/until.mjs'

const yes = { completes: true }
const late = { completes: false, code: 'ERR_CALL_TIMEOUT' }
const no = { completes: false, code: 'ERR_MCP', message: 'not today' }
const cells = (auto, pool, peer) => ({ 'procward auto': auto, 'procward pool': pool, peer })

describe('the complaint about a row', () => {
  for (const [name, row, odd, expected] of [
    ['all complete it', cells(yes, yes, yes), {}, undefined],
    ['only procward completes it', cells(yes, no, no), {}, undefined],
    ['either way of procward is enough', cells(no, yes, yes), {}, undefined],
    [
      'a peer completes it and procward does not',
      cells(no, late, yes),
      {},
      /^completed by peer; .*ERR_MCP.*not today/,
    ],
    ['no client completes it', cells(no, no, no), {}, /^no client completes it/],
    ['no client completes it, as known', cells(late, no, no), { hopeless: true }, undefined],
    [
      'a peer completes what was thought hopeless',
      cells(no, no, yes),
      { hopeless: true },
      /^completed by peer/,
    ],
    ['the call has to fail soon, and does', cells(no, no, late), { settles: true }, undefined],
    [
      'the call has to fail soon, and does not',
      cells(no, late, no),
      { settles: true },
      /^no failure before/,
    ],
    ['completing it is forbidden', cells(no, no, yes), { forbidden: true }, undefined],
    [
      'completing it is forbidden, and done',
      cells(yes, no, no),
      { forbidden: true },
      /^it must not be completed/,
    ],
  ]) {
    test(name, () => {
      const found = complaint({ name, cells: row }, odd)
      if (expected === undefined) assert.equal(found, undefined)
      else assert.match(found, expected)
    })
  }

  test('the table names each client and its result', () => {
    const table = markdown([
      { name: 'odd', cells: cells({ ...yes, by: 'by mcporter: sse' }, no, yes) },
    ])
    assert.equal(
      table.split('\n')[2],
      '| odd | completes (by mcporter: sse) | fails (ERR_MCP) | completes |',
    )
  })
})

describe('a field that differs by nature', () => {
  const outcome = { value: { content: [{ text: 'at 12:30, id 7' }], at: 5 } }

  test('is replaced by the rules of the tool, or by those of all tools', () => {
    const rules = { clock: [[/\d\d:\d\d/g, '(time)']], '*': [[/id \d+/g, 'id (id)']] }
    assert.equal(normal(rules, 'clock', outcome).value.content[0].text, 'at (time), id 7')
    assert.equal(normal(rules, 'other', outcome).value.content[0].text, 'at 12:30, id (id)')
    assert.equal(normal(rules, 'clock', outcome).value.at, 5)
  })

  test('may be the whole answer, but no error', () => {
    const rules = { env: WHOLE }
    assert.equal(normal(rules, 'env', outcome).value, normal(rules, 'env', { value: 1 }).value)
    assert.deepEqual(normal(rules, 'env', { failed: 'a' }), { failed: 'a' })
  })
})

test('an outcome is printed as mcporter prints it', () => {
  assert.deepEqual(asPrinted({ rpc: { code: -1, message: 'no' } }, true), {
    failed: 'MCP error -1: no',
  })
  assert.deepEqual(asPrinted({ value: 1, isError: true }, true), { value: 1, isError: true })
  assert.deepEqual(asPrinted({ value: 1, isError: true }, false), { value: 1 })
})

test('odd servers describe themselves, and those over HTTP listen on loopback only', async () => {
  for (const [name, { about }] of Object.entries(oddServers))
    assert.match(about ?? '', /^[A-Z].*\.$/, name)
  const { definition, stop } = await startOdd('http: status 201')
  assert.equal(new URL(definition.url).hostname, '127.0.0.1')
  await stop()
})

describe('a test file on another Node.js', () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env

  /** @param {import('node:test').TestContext} t @param {string} text */
  function prepared(t, text) {
    const folder = mkdtempSync(join(tmpdir(), 'procward-nodes-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'it.test.mjs')
    writeFileSync(file, text)
    const stop = new AbortController()
    const outcome = runTestFile(file, { env, folder, signal: stop.signal })
    return { folder, outcome, stop: () => stop.abort() }
  }

  test('gives its counts and the names of its failed tests', async (t) => {
    const text = `
      import { test } from 'node:test'
      test('good', () => {})
      test('bad', () => { throw new Error('on purpose') })
      test('left out', { skip: true }, () => {})`
    const { names, ...counts } = await prepared(t, text).outcome
    assert.deepEqual(counts, { passed: 1, failed: 1, skipped: 1 })
    assert.ok(names.includes('bad'), String(names))
  })

  test('that crashes is a failure', async (t) => {
    const { failed } = await prepared(t, 'process.kill(process.pid, "SIGKILL")').outcome
    assert.equal(failed, 1)
  })

  test('that never ends is killed and named', { skip: noProcessList }, async (t) => {
    const text = `
      import { writeFileSync } from 'node:fs'
      import { test } from 'node:test'
      process.on('SIGTERM', () => {})
      test('endless', () => new Promise(() => setInterval(() => {}, 1000)))
      writeFileSync(new URL('pid', import.meta.url), String(process.pid))`
    const { folder, outcome, stop } = prepared(t, text)
    const pid = await until(() => readIfThere(join(folder, 'pid')))
    stop()
    const { failed, names } = await outcome
    assert.deepEqual([failed, names], [1, ['it did not end in time']])
    await until(() => !isAlive(pid))
  })
})

/** @param {string} file */
function readIfThere(file) {
  return existsSync(file) && readFileSync(file, 'utf8')
}

describe('the comparison of two runs of the same tests', () => {
  const run = (/** @type {string} */ text) =>
    text.split(' ').map((word) => ({ name: word.slice(1), passed: word[0] === '+' }))

  test('names the tests that pass in one run only', () => {
    const found = compared(run('+a +b -c -d +e'), run('+a -b +c -d'), [['it is', ['e']]])
    assert.deepEqual(found, {
      both: ['a'],
      onlyWithout: ['b'],
      onlyWith: ['c'],
      neither: ['d'],
      designed: [['e', 'it is']],
    })
  })
  test('tells tests of the same name apart', () => {
    const { both, onlyWithout } = compared(run('+a +a'), run('+a -a'), [])
    assert.deepEqual({ both, onlyWithout }, { both: ['a'], onlyWithout: ['a (2)'] })
  })
  test('takes a test that passes in a second run', () => {
    const both = merged(run('-a -b +c'), run('+a -b'))
    assert.deepEqual(both, run('+a -b +c'))
  })
})

describe('the report of', () => {
  const report = `TAP version 13
ok 1 - one
not ok 2 - two › \\# 2
  ---
    name: AssertionError
  ...
ok 3 - three # SKIP
1..3
`
  test('Ava, of several files', () => {
    assert.deepEqual(
      fromAva(report, ['test/a.js', 'test/b.js']).map(({ name, passed }) => [name, passed]),
      [
        ['one', true],
        ['two › # 2', false],
        ['three', true],
      ],
    )
  })
  test('Ava, of one file, whose name it leaves out', () => {
    const [{ name }] = fromAva(report, ['test/pipe/sequence.js'])
    assert.equal(name, 'pipe › sequence › one')
  })
  test('node --test, with subtests', () => {
    const text = `# Subtest: all
    # Subtest: part
    not ok 1 - part
      ---
      error: 'no'
      ...
ok 1 - all
  ---
  duration_ms: 1
  ...
`
    assert.deepEqual(
      fromTap(text).map(({ name, passed }) => [name, passed]),
      [
        ['part', false],
        ['all', true],
      ],
    )
  })
})

describe('the witness of a queue', () => {
  const line = (command, key, rest) => `+17.5 [0 lua] "${command}" "{procward}:${key}" ${rest}`
  const entry = (ticket, id) => `"one\\x00${ticket} 1 ${id}"`
  const waits = (ticket, id) => line('ZADD', 'queue', `"0" ${entry(ticket, id)}`)
  const leaves = (ticket, id) => line('ZREM', 'queue', entry(ticket, id))
  const holds = (id) => line('HSET', 'calls', `"${id}" "H 1 30 one"`)

  for (const [name, lines, expected] of [
    [
      'in order',
      [waits(11, 'a:1'), waits(12, 'b:1'), leaves(11, 'a:1'), holds('a:1')],
      { granted: 1, passed: 0 },
    ],
    [
      'one is passed over',
      [waits(11, 'a:1'), waits(12, 'b:1'), leaves(12, 'b:1'), holds('b:1')],
      { granted: 1, passed: 1 },
    ],
    [
      'one that cannot hear leaves, and comes back with its ticket',
      [
        ...[waits(11, 'a:1'), waits(12, 'b:1'), leaves(11, 'a:1'), leaves(12, 'b:1'), holds('b:1')],
        ...[waits(11, 'a:1'), leaves(11, 'a:1'), holds('a:1')],
      ],
      { granted: 2, passed: 0 },
    ],
    ['a call that does not wait', [holds('a:1')], { granted: 0, passed: 0 }],
  ])
    test(name, () => {
      const queue = new Queue()
      for (const each of lines) queue.read(each)
      assert.deepEqual({ granted: queue.granted, passed: queue.passed }, expected)
    })
})
