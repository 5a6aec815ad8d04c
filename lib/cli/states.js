'use strict'

// The scanner's verdict as an observer outside of all servers understands it.

/** @typedef {'orphan' | 'owned' | 'server' | 'guard' | 'unknown' | 'foreign'} State */
/** @typedef {import('../../index').ScanReason} ScanReason */

/**
 * The states by the scanner's code, for the codes of this command's scope, `tracked`. A second entry
 * replaces the scanner's words, which are a server's.
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

/** The order of a list. @type {State[]} */
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
