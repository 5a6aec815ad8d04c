// Samples for the rules of alerts, with the time that the samples say.

import evaluation from '../../lib/alerts/evaluate.js'
import { alertRules } from '../../lib/alerts/rules.js'

export const { INITIAL, active, evaluate } = evaluation
export const START = Date.UTC(2026, 1, 13)
export const QUIET = {
  processes: 0,
  queued: 0,
  calls: 0,
  failures: 0,
  queueTimeouts: 0,
  kills: 0,
  memoryAvailable: 80,
  memoryTotal: 100,
  slowest: null,
}

/**
 * What becomes of samples `[seconds, what is not quiet]`: `seconds +name` for raised, `seconds
 * -name` for resolved.
 */
export function story(rules, samples) {
  const told = []
  let state = INITIAL
  for (const [second, values] of samples) {
    const result = evaluate(
      state,
      { ...QUIET, ...values, time: START + second * 1000 },
      alertRules(rules, 5),
    )
    state = result.state
    for (const { name } of result.raised) told.push(`${second} +${name}`)
    for (const { name } of result.resolved) told.push(`${second} -${name}`)
  }
  return { told, active: active(state) }
}

/** A sample every 5 s from one second to another. */
export function every5(from, to, values) {
  const samples = []
  for (let second = from; second <= to; second += 5) samples.push([second, values])
  return samples
}

/** @param {Record<string, [calls: number, failures: number]>} servers */
export function calls(servers) {
  const entries = Object.entries(servers).map(([server, [calls, failures]]) => {
    return [server, { calls, failures }]
  })
  return { servers: Object.fromEntries(entries) }
}

export function scanner(more) {
  return { scanner: { isRunning: true, interval: 60_000, lastScan: null, ...more } }
}

/** As many samples, with 25 starts in each. @param {number} count */
export function starts(count) {
  return Array.from({ length: count }, (_, at) => [at * 5, { spawns: at * 25 }])
}

export const tool = (p95) => ({ slowest: { server: 'asana', tool: 'list', p95 } })
export const pause = (pausedFor, count = 1) => ({ paused: { server: 'asana', pausedFor, count } })
export const available = (memoryAvailable) => ({ memoryAvailable })
