'use strict'

// The values that a label can have. A counter exists at 0 for each of them, because Prometheus does
// not count the first event of a series that begins with 1.

const EXIT_REASONS = [
  'ok',
  'error',
  'killed',
  'oom',
  'timeout',
  'aborted',
  'max_buffer',
  'cleanup',
  'shutdown',
]
/** The outcomes of calls to a known tool: all but `unknown`. */
const OUTCOMES = [
  'ok',
  'tool',
  'protocol',
  'timeout',
  'aborted',
  'exited',
  'start',
  'unavailable',
  'unauthorized',
  'mcporter',
  'cleanup',
  'max_buffer',
  'closed',
  'error',
]
const RETIREMENTS = [
  'idle',
  'uses',
  'lifetime',
  'evicted',
  'unhealthy',
  'memory',
  'exited',
  'changed',
  'closed',
]
const CLEANUP_REASONS = [
  'call_too_old',
  'left_over',
  'left_by_dead_run',
  'descendant_too_old',
  'node_too_old',
]

/**
 * Returns an entry for each known name, `zero` unless there is another.
 * @template T
 * @param {readonly string[]} names
 * @param {NoInfer<T>} zero
 * @param {Record<string, T>} entries
 * @returns {Record<string, T>}
 */
function withZeros(names, zero, entries) {
  return { ...Object.fromEntries(names.map((name) => [name, zero])), ...entries }
}

module.exports = { CLEANUP_REASONS, EXIT_REASONS, OUTCOMES, RETIREMENTS, withZeros }
