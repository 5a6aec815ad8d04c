// What a scan says, and when to ask it.

import { until } from './until.mjs'

/** The codes of the reasons. */
export const BECAUSE = {
  forgotten: 'call_too_old',
  leftByDeadRun: 'left_by_dead_run',
  descendant: 'descendant_too_old',
  node: 'node_too_old',
  self: 'this_process',
  ancestor: 'ancestor',
  kept: 'kept',
  allowed: 'allowed',
  host: 'host',
  otherServer: 'other_instance',
  otherUser: 'other_user',
  otherNamespace: 'other_namespace',
  unproven: 'unproven',
  unidentified: 'unidentified',
  unrecognised: 'unrecognised',
  sameJob: 'same_job',
  managed: 'managed_by_node',
  withinTimeout: 'within_deadline',
  sparedTree: 'spared_tree',
  young: 'young',
  notOurs: 'not_ours',
}

/** @typedef {import('../../index').CleanupScanner} CleanupScanner */

/**
 * All that a report says about processes, by pid.
 * @param {import('../../index').CleanupReport} report
 */
export function verdicts({ killed, skipped }) {
  return new Map([...killed, ...skipped].map((judged) => [judged.pid, judged]))
}

/**
 * The code of the reason for each of these processes; `undefined` for one that was not judged.
 * @param {import('../../index').CleanupReport} report
 * @param {Record<string, number>} pids
 */
export function reasons(report, pids) {
  const found = verdicts(report)
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, found.get(pid)?.code]))
}

/**
 * Waits until a dry run tells all of them to be older than a second: younger leftovers are spared.
 * @param {CleanupScanner} scanner
 * @param {Record<string, number>} pids
 */
export function untilOld(scanner, pids) {
  return until(async () => {
    const found = verdicts(await scanner.cleanupAll({ dryRun: true }))
    return Object.values(pids).every((pid) => (found.get(pid)?.age ?? 0) > 1000)
  })
}

/**
 * Scans until one scan ends the process, and gives its report.
 * @param {CleanupScanner} scanner
 * @param {number} pid
 */
export function untilKilled(scanner, pid) {
  return until(async () => {
    const report = await scanner.cleanupAll()
    return report.killed.some((judged) => judged.pid === pid) && report
  })
}
