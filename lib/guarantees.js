'use strict'

const { mayStartChildren } = require('./child-permission')
const { guardsDetached, maxChildren, usesWarden } = require('./config')
const { errnoName } = require('./errors')
const native = require('./native')

/**
 * The effect on the guarantee of each thing that a system lacks.
 * @type {Record<import('../index').Lack['code'], string>}
 */
const EFFECTS = {
  warden:
    'no warden can work here, so that only this server ends its trees, ' +
    'and what it leaves, the next scan of any server of this user ends',
  proc:
    '/proc is not mounted: trees end, but there are no scans, ' +
    'and nothing is found that a killed warden left behind',
  own_proc:
    '/proc belongs to another PID namespace: trees end, but there are no scans, ' +
    'and nothing is found that a killed warden left behind',
  other_users: "/proc hides other users' processes: scans see and judge this user's alone",
  pidfd:
    'pidfd_open or pidfd_send_signal is not there or forbidden: ' +
    'a scanned process is signalled by its pid, just after a look at it',
}

/** @type {typeof import('../index').getGuarantees} */
function getGuarantees() {
  const { missing, ...found } = native.guarantees(usesWarden())
  const { mechanism, level } = found
  return {
    platform: process.platform,
    ...found,
    missing: missing.map(lack),
    childProcesses: { ...childProcesses(mechanism, level), maxChildren: maxChildren() ?? null },
  }
}

/** The limits of children that Node.js starts and procward takes over. */
const ADOPTED = {
  'job-object':
    'a job takes each child over just after its start: what the child has started by then, ' +
    'this server does not end',
  watcher: 'the watcher takes each child over just after its start',
  'process-group':
    'only this server ends the children, and what it leaves, the next scan of any server of this ' +
    'user ends by the tag',
}

const FORBIDDEN =
  "Node.js's permission model forbids children, so that child_process starts none, guarded or not"

/** The children of `child_process` that no guard reaches. */
const UNGUARDED = [
  'children of spawnSync, execSync and execFileSync have no guard',
  'children that other native addons start have no guard',
]

/**
 * Returns the guarantees for the children of `child_process`.
 * @param {import('../index').Guarantees['mechanism']} mechanism
 * @param {import('../index').Guarantees['level']} level
 * @returns {Omit<import('../index').ChildProcessGuarantees, 'maxChildren'>}
 */
function childProcesses(mechanism, level) {
  const detached = guardsDetached()
    ? []
    : ['detached children may outlive this server after their unref()']
  const weaker = [...detached, ...UNGUARDED]
  if (!mayStartChildren()) {
    const guard = mechanism === 'warden' ? 'warden' : 'adopted'
    return { guard, level: 'best-effort', weaker: [FORBIDDEN, ...weaker] }
  }
  if (mechanism === 'warden')
    return {
      guard: 'warden',
      level,
      weaker: ['Node.js starts a child if its warden does not start within 200 ms', ...weaker],
    }
  return { guard: 'adopted', level: 'best-effort', weaker: [ADOPTED[mechanism], ...weaker] }
}

/** @param {import('../binding').Lacking} lacking @returns {import('../index').Lack} */
function lack({ code, errno }) {
  const cause = errno === undefined ? '' : ` (${errnoName(errno) ?? `error ${errno}`})`
  return { code, message: `${EFFECTS[code]}${cause}` }
}

module.exports = { getGuarantees }
