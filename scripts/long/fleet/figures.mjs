// Figures of a fleet's calls, from the logs of the processes that made them.

import { atOnce } from '../support/at-once.mjs'

const LIMIT = 3

/**
 * A call. Times are in ms; a call of a killed process ends with the kill.
 * @typedef {{ process: string, arrival: number, start: number, end: number, fence: number,
 *   ticket: number, isLost: boolean }} Call
 * @typedef {{ name: string, text: string, killed?: number, stops: { from: number, to: number }[] }}
 *   Log
 */

/** @param {Log[]} logs */
export function figures(logs) {
  const read = logs.map(readLog)
  const calls = read.flatMap(({ calls }) => calls).sort((one, other) => one.start - other.start)
  const waits = calls.map(({ arrival, start }) => start - arrival).sort((one, other) => one - other)
  const starts = calls.map(({ start }) => start)
  return {
    calls,
    count: calls.length,
    open: read.reduce((sum, { open }) => sum + open, 0),
    refused: read.reduce((sum, { refused }) => sum + refused, 0),
    lost: calls.filter(({ isLost }) => isLost).length,
    ...atOnce(calls, LIMIT),
    p99: waits[Math.floor(waits.length * 0.99)] ?? 0,
    silence: Math.max(0, ...starts.slice(1).map((at, index) => at - starts[index])),
    fenceFaults: fenceFaults(calls),
    outOfOrder: outOfOrder(calls),
  }
}

/** @param {Log} log */
function readLog({ name, text, killed, stops }) {
  /** @type {Map<string, any>} */
  const known = new Map()
  let refused = 0
  for (const line of text.split('\n').filter((line) => line !== '')) {
    const [kind, number, time, fence, ticket] = line.split(' ')
    const call = known.get(number) ?? { process: name, isLost: false }
    known.set(number, call)
    if (kind === 'A') call.arrival = Number(time)
    if (kind === 'S')
      Object.assign(call, { start: Number(time), fence: Number(fence), ticket: Number(ticket) })
    if (kind === 'E' || kind === 'L') call.end = Number(time)
    if (kind === 'L') call.isLost = true
    if (kind === 'R') {
      refused++
      known.delete(number)
    }
  }
  const all = [...known.values()]
  // A process that is stopped does nothing, and has a moment to hear of its loss when it goes on.
  for (const call of all) {
    const stop = stops.find(({ from, to }) => call.start < from && call.end >= to)
    if (stop === undefined) continue
    if (call.isLost) call.toldAfter = call.end - stop.to
    call.end = stop.from
  }
  for (const call of all) if (call.start !== undefined) call.end ??= killed
  const isDone = ({ start, end }) => start !== undefined && end !== undefined
  const calls = all.filter(isDone)
  return { calls, refused, open: killed === undefined ? all.length - calls.length : 0 }
}

/**
 * Counts fences that were given twice, and calls that came after the start of another one and have
 * a lower fence.
 * @param {Call[]} calls in the order of their starts
 */
function fenceFaults(calls) {
  const fenced = calls.filter(({ fence }) => fence > 0)
  const twice = fenced.length - new Set(fenced.map(({ fence }) => fence)).size
  const arrivals = [...fenced].sort((one, other) => one.arrival - other.arrival)
  let [highest, at, lower] = [0, 0, 0]
  for (const call of arrivals) {
    for (; at < fenced.length && fenced[at].start < call.arrival; at++)
      highest = Math.max(highest, fenced[at].fence)
    if (call.fence <= highest) lower++
  }
  return twice + lower
}

/**
 * Counts the calls that waited in Redis and got their slots after a call with a later ticket.
 * @param {Call[]} calls
 */
function outOfOrder(calls) {
  const queued = calls.filter(({ ticket, fence }) => ticket > 0 && fence > 0)
  queued.sort((one, other) => one.fence - other.fence)
  let [latest, count] = [0, 0]
  for (const { ticket } of queued) {
    if (ticket < latest) count++
    latest = Math.max(latest, ticket)
  }
  return count
}
