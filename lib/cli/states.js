'use strict'

// Maps the scanner's verdicts to states, as seen from outside of all servers.

/** @typedef {'orphan' | 'owned' | 'server' | 'guard' | 'unknown' | 'foreign'} State */

/**
 * The states by the scanner's reasons (src/scanner/reason.rs) that are possible in this command's
 * scope, `tracked`.
 * @type {Map<string, [State, string?]>}
 */
const STATES = new Map([
  ['left behind by a server that is no longer running', ['orphan']],
  ['left over from a call of this server that has ended', ['orphan']],
  [
    'belongs to another server that is running',
    ['owned', 'started through procward by a server that is running'],
  ],
  ['a server that uses procward itself', ['server']],
  ['guards a call, and ends with it', ['guard']],
  ['may belong to a server that cannot be seen from here', ['unknown']],
  ['has only just started, perhaps by a server that has too', ['unknown']],
  ['what it is could not be read', ['unknown']],
  ['looks like Node.js, but its executable is not known to be', ['foreign']],
  ['asked to be kept by PROCWARD_KEEP=1', ['foreign']],
  ['belongs to another user', ['foreign']],
  ['the first process of the system', ['foreign']],
  ['this server', ['foreign', 'this command']],
  ['an ancestor of this server', ['foreign', 'this command was started from it']],
  ['of the same job as this server', ['foreign', 'started together with this command']],
  ['not started by this server', ['foreign', 'not started through procward']],
])

/** The order of states in a list. @type {State[]} */
const ORDER = ['orphan', 'owned', 'server', 'guard', 'unknown', 'foreign']

/** @param {string} reason @returns {{ state: State, why: string }} */
function stateOf(reason) {
  const [state, why = reason] = STATES.get(reason) ?? ['unknown']
  return { state, why }
}

module.exports = { ORDER, STATES, stateOf }
