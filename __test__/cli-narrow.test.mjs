// The lines of `status` and `top` in narrow terminals.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Output } from '../lib/cli/output.js'
import { processLines } from '../lib/cli/process-lines.js'
import { callState, statusLines } from '../lib/cli/status-lines.js'
import { callState as callStateOnPage } from '../lib/dashboard/reasons.js'

const CALL = { pid: 4_194_304, server: 'asana-v2', tool: 'list_workspaces', startTime: 0 }
const ROW = {
  pid: 4_194_304,
  owner: 4_194_300,
  state: 'owned',
  age: 3_600_000,
  memory: 512 * 2 ** 20,
  name: 'node',
  command: 'node /srv/app/server.js --port 3002 --verbose',
  server: 'asana-v2',
  starting: false,
  tools: ['list_workspaces'],
  why: 'a live server holds it',
}
const LONG = 'x'.repeat(80)

function serverWith(calls, more) {
  const semaphore = { maxConcurrent: 3, current: 1, queued: 0, available: 2 }
  const cleanup = {
    isRunning: true,
    interval: 60_000,
    scope: 'tree',
    stats: { scans: 15, killed: 3, errors: 0 },
    lastScan: null,
  }
  return {
    url: 'http://127.0.0.1:3002/api/health',
    ready: true,
    reason: null,
    uptime: 12,
    memory: 2 ** 27,
    alerts: [],
    health: { semaphore, activeProcesses: { count: 1, processes: calls }, cleanup, pool: null },
    ...more,
  }
}

function outputIn(columns) {
  const stdout = { isTTY: true, columns, rows: 24 }
  return new Output({ json: false, quiet: false, color: false, stdout, stderr: stdout })
}

/** @param {string[]} lines @param {number} columns */
function assertFit(lines, columns) {
  for (const line of lines) assert.ok([...line].length <= columns, line)
}

describe('in 40 columns', () => {
  test('calls have their names and times', () => {
    const calls = [
      { ...CALL, duration: 2341 },
      { ...CALL, pid: null, server: 'b', tool: 't', waitsFor: 'start', duration: 12 },
    ]
    const lines = statusLines(serverWith(calls), outputIn(40))
    assertFit(lines, 40)
    assert.deepEqual(lines.slice(-3), [
      'SERVER    TOOL           RUNNING',
      'asana-v2  list_works...    2.3 s',
      'b         t                12 ms',
    ])
  })

  test('the state stands below the address', () => {
    const more = { ready: false, reason: 'the queue of calls is full' }
    const lines = statusLines(serverWith([], more), outputIn(40))
    assertFit(lines, 40)
    assert.deepEqual(lines.slice(0, 2), [
      'http://127.0.0.1:3002/api/health',
      'not ready: the queue of calls is full',
    ])
  })

  test('processes have what they are for, and no command', () => {
    const lines = processLines([ROW], { why: false }, outputIn(40))
    assertFit(lines, 40)
    assert.deepEqual(lines, ['    PID   MEMORY  FOR', '4194304  512 MiB  asana-v2 list_workspac'])
  })

  for (const columns of [40, 80])
    test(`names of any length fit into ${columns}`, () => {
      const calls = [{ ...CALL, server: LONG, tool: LONG, duration: 90_000_000 }]
      calls.push({ ...calls[0], pid: null, waitsFor: 'cpu' })
      assertFit(statusLines(serverWith(calls, { url: LONG }), outputIn(columns)), columns)
      const rows = [{ ...ROW, server: LONG, tools: [LONG] }]
      assertFit(processLines(rows, { why: false }, outputIn(columns)), columns)
    })
})

test('in 80 columns calls have their pids, and what they wait for', () => {
  const calls = [
    { ...CALL, duration: 2341 },
    { ...CALL, pid: null, waitsFor: 'start', duration: 12 },
    { ...CALL, pid: null, waitsFor: 'session', duration: 12 },
  ]
  assert.deepEqual(statusLines(serverWith(calls), outputIn(80)).slice(-4), [
    '    PID  SERVER    TOOL             RUNNING  STATE',
    '4194304  asana-v2  list_workspaces    2.3 s  runs',
    '      -  asana-v2  list_workspaces    12 ms  waits for its server',
    '      -  asana-v2  list_workspaces    12 ms  waits for a session',
  ])
})

test('the command line and the page tell the state of a call in the same words', () => {
  const calls = [{}, { stuck: true }]
  for (const waitsFor of ['start', 'session', 'memory', 'cpu', 'else']) calls.push({ waitsFor })
  assert.deepEqual(calls.map(callState), calls.map(callStateOnPage))
  assert.equal(callState({ waitsFor: 'start' }), 'waits for its server')
})
