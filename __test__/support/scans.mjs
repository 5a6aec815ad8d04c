// What a scan says, and when to ask it.

import { until } from './until.mjs'

/** The reasons, as reports word them. */
export const BECAUSE = {
  forgotten: 'a call older than the maximum age, with no longer timeout of its own',
  leftByDeadRun: 'left behind by a server that is no longer running',
  descendant: 'a Node.js process started under this server, older than the maximum age',
  node: 'a Node.js process of this user, older than the maximum age',
  self: 'this server',
  ancestor: 'an ancestor of this server',
  kept: 'asked to be kept by PROCWARD_KEEP=1',
  allowed: 'on the list of allowed processes',
  host: 'a server that uses procward itself',
  otherServer: 'belongs to another server that is running',
  otherUser: 'belongs to another user',
  otherNamespace: 'in another PID namespace, such as a container',
  unproven: 'may belong to a server that cannot be seen from here',
  unidentified: 'what it is could not be read',
  unrecognised: 'looks like Node.js, but its executable is not known to be',
  sameJob: 'of the same job as this server',
  managed: 'managed by Node.js itself: a cluster worker or a fork() child',
  withinTimeout: 'a call within its own timeout',
  sparedTree: 'belongs to a call with a process that is to be spared',
  young: 'not old enough',
  notOurs: 'not started by this server',
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
 * The reason given for each of these processes; `undefined` for one that was not judged.
 * @param {import('../../index').CleanupReport} report
 * @param {Record<string, number>} pids
 */
export function reasons(report, pids) {
  const found = verdicts(report)
  return Object.fromEntries(
    Object.entries(pids).map(([name, pid]) => [name, found.get(pid)?.reason]),
  )
}

/**
 * Waits until a dry run tells all of them to be older than a second: younger leftovers are spared.
 * @param {CleanupScanner} scanner @param {Record<string, number>} pids
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
