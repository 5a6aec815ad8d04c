'use strict'

// Errors of the addon at the limit of processes and threads, where it can do no work.

const { codedError } = require('./errors')

/** The texts of the runtime and of the system: EAGAIN, ENOMEM, EMFILE and ENFILE. */
const NO_THREAD = /can't spawn worker thread|\(os error (11|12|23|24|35)\)/

/**
 * Names the process limit as the cause of an error of the addon. Any other error is returned
 * unchanged.
 * @param {any} error
 * @param {string} what - the work that failed
 */
function atProcessLimit(error, what) {
  const isNamed = error?.code === 'ERR_PROCESS_LIMIT'
  const isOfRuntime = error?.code === 'ERR_INTERNAL' || error?.code === 'GenericFailure'
  if (!isNamed && !(isOfRuntime && NO_THREAD.test(String(error.message)))) return error
  const words = isNamed
    ? error.message
    : 'the limit of processes, threads or open files is reached ' +
      "(ulimit -u, ulimit -n, systemd's TasksMax, a container's pids limit)"
  return codedError('ERR_PROCESS_LIMIT', `${what}: ${words}`, { cause: error })
}

module.exports = { atProcessLimit }
