// Calls, sessions, latencies, and what the cleanup did.

import { html, setText, svg } from './elements.js'
import { bytes, clock, count, counted, duration, latency, NONE } from './format.js'
import { Table } from './table.js'

/**
 * @typedef {{ pid: number | null, server: string | null, tool: string | null, startTime: number,
 *   duration: number, memory?: number | null, waitsFor?: 'start' | 'session' }} Call
 * @typedef {{ pid: number | null, server: string, state: string, inFlight: number, uses: number,
 *   age: number, memory: number | null }} Session
 * @typedef {{ server: string, tool: string, count: number, failures: Record<string, number>, p50:
 *   number, p95: number, p99: number, max: number }} Latency
 */

const SPREAD_WIDTH = 84

export class Tables {
  #calls
  #sessions
  #latency
  #facts

  /** @param {(id: string) => HTMLElement} place */
  constructor(place) {
    this.#facts = place('cleanup')
    this.#calls = {
      tally: place('calls-tally'),
      table: new Table(place('calls'), {
        caption: 'Active calls and processes',
        empty: 'No call and no process runs.',
        keyOf: (/** @type {Call} */ { pid, server, tool, startTime }) =>
          `${pid} ${startTime} ${server} ${tool}`,
        columns: [
          { title: 'Server', text: ({ server }) => server ?? NONE, isName: true },
          { title: 'Tool', text: ({ tool }) => tool ?? NONE, isName: true },
          { title: 'PID', text: pidOf, isNumber: true },
          { title: 'Age', text: ({ duration: age }) => duration(age), isNumber: true },
          { title: 'Memory', text: ({ memory }) => bytes(memory), isNumber: true },
        ],
      }),
    }
    this.#sessions = {
      tally: place('sessions-tally'),
      table: new Table(place('sessions'), {
        caption: 'Sessions with servers',
        empty:
          'No session is open. A server starts with its first call and stays for the next ones.',
        keyOf: (/** @type {Session} */ { pid, server }) => `${pid} ${server}`,
        columns: [
          { title: 'Server', text: ({ server }) => server, isName: true },
          { title: 'State', text: ({ state }) => state, draw: drawState },
          { title: 'PID', text: ({ pid }) => (pid === null ? NONE : String(pid)), isNumber: true },
          { title: 'Calls', text: ({ inFlight }) => count(inFlight), isNumber: true },
          { title: 'Uses', text: ({ uses }) => count(uses), isNumber: true },
          { title: 'Age', text: ({ age }) => duration(age), isNumber: true },
          { title: 'Memory', text: ({ memory }) => bytes(memory), isNumber: true },
        ],
      }),
    }
    this.#latency = {
      tally: place('latency-tally'),
      table: new Table(place('latency'), {
        caption: 'Latency by tool',
        empty: 'No call has finished yet.',
        keyOf: (/** @type {Latency} */ { server, tool }) => `${server} ${tool}`,
        columns: [
          { title: 'Server', text: ({ server }) => server, isName: true },
          { title: 'Tool', text: ({ tool }) => tool, isName: true },
          { title: 'Calls', text: (row) => count(row.count), isNumber: true },
          { title: 'Failed', text: (row) => count(failed(row)), isNumber: true },
          { title: 'p50', text: ({ p50 }) => latency(p50), isNumber: true },
          { title: 'p95', text: ({ p95 }) => latency(p95), isNumber: true },
          { title: 'p99', text: ({ p99 }) => latency(p99), isNumber: true },
          { title: 'Max', text: ({ max }) => latency(max), isNumber: true },
          { title: 'p50 – max', text: () => '', draw: drawSpread },
        ],
      }),
    }
  }

  /** @param {any} snapshot */
  show({ time, health, metrics }) {
    const { activeProcesses, pool, cleanup } = health
    const sessions = pool?.sessions ?? []
    this.#calls.table.show(withMemory(activeProcesses.processes, sessions))
    setText(this.#calls.tally, count(activeProcesses.processes.length))
    this.#sessions.table.show(sessions)
    setText(
      this.#sessions.tally,
      pool ? `${count(sessions.length)} of ${count(pool.maxSessions)}` : '',
    )
    if (pool === null) this.#sessions.table.explain('This helper keeps no sessions.')
    const tools = bySlowest(metrics.calls)
    this.#latency.table.show(tools)
    setText(this.#latency.tally, count(tools.length))
    this.#showCleanup(cleanup, time)
  }

  /** @param {any} cleanup @param {number} now */
  #showCleanup({ isRunning, interval, maxAge, scope, stats, lastScan }, now) {
    const rows = [
      ['Scanner', isRunning ? `every ${duration(interval)}` : 'not running'],
      ['Scope', `${scope}, older than ${duration(maxAge)}`],
      [
        'Last scan',
        lastScan ? `${clock(lastScan.time)}, ${duration(now - lastScan.time)} ago` : 'none yet',
      ],
      [
        'It judged',
        lastScan
          ? `${counted(lastScan.scanned, 'process', 'processes')} in ${latency(lastScan.duration / 1000)}`
          : NONE,
      ],
      [
        lastScan?.dryRun ? 'It would end' : 'It ended',
        lastScan ? `${count(lastScan.killed)}, spared ${count(lastScan.skipped)}` : NONE,
      ],
      [
        'Since the start',
        `${counted(stats.scans, 'scan')}, ${count(stats.killed)} ended, ${counted(stats.errors, 'error')}`,
      ],
    ]
    for (const [at, [name, text]] of rows.entries()) {
      const row =
        this.#facts.children[at] ??
        this.#facts.appendChild(html('div', {}, [html('dt'), html('dd')]))
      setText(row.children[0], name)
      setText(row.children[1], text)
    }
  }
}

/** Returns the pid of a call, or the reason why the call has no process yet. @param {Call} call */
function pidOf({ pid, waitsFor }) {
  if (waitsFor !== undefined) return waitsFor === 'start' ? 'starting' : 'waiting'
  return pid === null ? NONE : String(pid)
}

/**
 * Each call with the memory of its process, where that is a session's.
 * @param {Call[]} calls
 * @param {Session[]} sessions
 * @returns {Call[]}
 */
function withMemory(calls, sessions) {
  const memory = new Map(sessions.map((session) => [session.pid, session.memory]))
  return calls.map((call) => ({ ...call, memory: call.memory ?? memory.get(call.pid) }))
}

/** @param {Latency[]} tools */
function bySlowest(tools) {
  return [...tools].sort((one, other) => other.p95 - one.p95)
}

/** Returns the number of failed calls. @param {Latency} tool */
function failed({ failures }) {
  return Object.values(failures).reduce((sum, count) => sum + count, 0)
}

/** @param {HTMLElement} cell @param {Session} session */
function drawState(cell, { state }) {
  if (cell.dataset.state === state) return
  cell.dataset.state = state
  cell.replaceChildren(html('span', { class: 'state', 'data-state': state, text: state }))
}

/**
 * A line from p50 to the maximum with marks at p95 and p99, from 1 ms to 100 s on a logarithmic
 * scale.
 * @param {HTMLElement} cell
 * @param {Latency} tool
 */
function drawSpread(cell, { p50, p95, p99, max }) {
  const [from, most, ...marks] = [p50, max, p95, p99].map(spreadX)
  const drawn = [from, most, ...marks].join()
  if (cell.dataset.drawn === drawn) return
  cell.dataset.drawn = drawn
  const picture = svg('svg', {
    class: 'spread',
    width: SPREAD_WIDTH,
    height: 12,
    'aria-hidden': 'true',
  })
  picture.append(
    svg('line', { class: 'scale', x1: 0, x2: SPREAD_WIDTH, y1: 6, y2: 6 }),
    svg('line', { class: 'range', x1: from, x2: Math.max(most, from + 1), y1: 6, y2: 6 }),
    ...marks.map((x) => svg('line', { class: 'mark', x1: x, x2: x, y1: 2, y2: 10 })),
    svg('circle', { class: 'middle', cx: from, cy: 6, r: 3 }),
  )
  cell.replaceChildren(picture)
}

/** @param {number} seconds */
function spreadX(seconds) {
  const share = (Math.log10(Math.max(seconds, 0.001)) + 3) / 5
  return Math.round((4 + Math.min(share, 1) * (SPREAD_WIDTH - 8)) * 10) / 10
}
