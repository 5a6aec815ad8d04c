// The slots of calls: their limit and its reach, the waiting calls, and how long calls waited.

import { setText } from './elements.js'
import { showFacts } from './facts.js'
import { clock, count, counted, duration, latency, wordsFor } from './format.js'
import { reasonWords } from './reasons.js'
import { numberColumn, Table } from './table.js'

/**
 * @typedef {{ server: string, tool: string, startTime: number, duration: number, waitsFor: string
 *   }} QueuedCall
 */

/** The processes that share a limit, by its reach. @type {Record<string, string>} */
const REACHES = {
  process: 'in this process',
  host: 'in all processes of this user on this machine',
  fleet: 'on all machines of the fleet',
}
/** The reasons for which a call got no slot. @type {Record<string, string>} */
const REJECTIONS = {
  timeout: 'timed out',
  full: 'found the queue full',
  aborted: 'aborted',
  closed: 'met the shutdown',
}

export class Queue {
  #tally
  #facts
  #table

  /** @param {(id: string) => HTMLElement} place */
  constructor(place) {
    this.#tally = place('queue-tally')
    this.#facts = place('queue-facts')
    this.#table = new Table(place('queue'), {
      caption: 'Waiting calls',
      empty: '',
      keyOf: (/** @type {QueuedCall} */ { server, tool, startTime }) =>
        `${Math.round(startTime / 100)} ${server} ${tool}`,
      columns: [
        { title: 'Server', text: ({ server }) => server, isName: true },
        { title: 'Tool', text: ({ tool }) => tool, isName: true },
        numberColumn('Waited', ({ duration: waited }) => waited, duration),
        numberColumn('Since', ({ startTime }) => startTime, clock),
        {
          title: 'Waits for',
          text: ({ waitsFor }) => reasonWords(waitsFor),
          value: ({ waitsFor }) => reasonWords(waitsFor),
        },
      ],
    })
  }

  /** @param {any} snapshot */
  show({ health: { semaphore }, metrics, queuedCalls }) {
    const { queued } = semaphore
    this.#table.show(queuedCalls)
    this.#table.explain(
      queued > 0 ? 'This helper does not list its waiting calls.' : 'No call waits.',
    )
    setText(this.#tally, tallyText(queued, queuedCalls.length))
    showFacts(this.#facts, factsOf(semaphore, metrics))
  }
}

/** @param {number} queued @param {number} shown */
function tallyText(queued, shown) {
  const isCut = shown > 0 && shown < queued
  return isCut ? `${count(queued)}, the ${count(shown)} that wait longest` : count(queued)
}

/** @param {any} semaphore @param {any} metrics @returns {[string, string][]} */
function factsOf({ maxConcurrent, reach = 'process' }, metrics) {
  const { queueWait, rejected, childProcesses, limitedBy } = metrics
  /** @type {[string, string][]} */
  const facts = [
    ['Limit', `${counted(maxConcurrent, 'call')} ${wordsFor(REACHES, reach)}`],
    ['Calls wait for', limitedBy ? reasonWords(limitedBy) : 'nothing'],
    ['Waits so far', waitText(queueWait)],
    ['Got no slot', rejectedText(rejected)],
  ]
  const { waiting } = childProcesses
  if (waiting > 0)
    facts.push([
      'Children',
      `${counted(waiting, 'start waits', 'starts wait')} for PROCWARD_MAX_CHILDREN`,
    ])
  return facts
}

/** @param {any} queueWait in seconds */
function waitText({ count: calls, p50, p95, p99, max }) {
  if (calls === 0) return 'none'
  const quantiles = Object.entries({ p50, p95, p99, max })
  return quantiles.map(([name, seconds]) => `${name} ${latency(seconds)}`).join(', ')
}

/** @param {Record<string, number>} rejected */
function rejectedText(rejected) {
  const counts = Object.entries(rejected).filter(([, calls]) => calls > 0)
  if (counts.length === 0) return 'none'
  return counts.map(([why, calls]) => `${count(calls)} ${wordsFor(REJECTIONS, why)}`).join(', ')
}
