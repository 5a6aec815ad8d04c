'use strict'

// Maps the scanner's verdicts to states, as seen from outside of all servers.

/** @typedef {'orphan' | 'owned' | 'server' | 'guard' | 'unknown' | 'foreign'} State */
/** @typedef {import('../../index').ScanReason} ScanReason */

/**
 * The states by the scanner's codes that are possible in this command's scope, `tracked`. A second
 * entry replaces the scanner's words, which are about a server.
 * @type {Map<ScanReason, [State, string?]>}
 */
const STATES = new Map([
  ['left_by_dead_run', ['orphan']],
  ['left_over', ['orphan']],
  ['other_instance', ['owned', 'started through procward by a server that is running']],
  ['host', ['server']],
  ['warden', ['guard']],
  ['unproven', ['unknown']],
  ['unsettled', ['unknown']],
  ['unidentified', ['unknown']],
  ['unrecognised', ['foreign']],
  ['kept', ['foreign']],
  ['other_user', ['foreign']],
  ['init', ['foreign']],
  ['this_process', ['foreign', 'this command']],
  ['ancestor', ['foreign', 'this command was started from it']],
  ['same_job', ['foreign', 'started together with this command']],
  ['not_ours', ['foreign', 'not started through procward']],
])

/** The order of states in a list. @type {State[]} */
const ORDER = ['orphan', 'owned', 'server', 'guard', 'unknown', 'foreign']

/**
 * @param {{ code: ScanReason, reason: string }} judged
 * @returns {{ state: State, why: string }}
 */
function stateOf({ code, reason }) {
  const [state, why = reason] = STATES.get(code) ?? ['unknown']
  return { state, why }
}

module.exports = { ORDER, STATES, stateOf }
