'use strict'

// A call whose slots may be lost while it runs.

const { codedError } = require('../errors')
const { about } = require('../mcp/failure')
const { abortListeners } = require('../signal-waiters')

/**
 * Does the work of a call, and aborts it if its slots are lost.
 * @template T
 * @param {import('./call-slots').Request} call
 * @param {import('../limiter').Lease} lease
 * @param {() => Promise<T>} work
 * @returns {Promise<T>} rejects with `ERR_LEASE_LOST` for a call that was aborted
 */
async function whileLeased(call, lease, work) {
  const { signal } = call
  const controller = new AbortController()
  const follow = () => controller.abort(signal?.reason)
  let isLost = false
  if (signal?.aborted) follow()
  else if (signal !== undefined) abortListeners.add(signal, follow)
  lease.onLost(() => {
    isLost = !controller.signal.aborted
    controller.abort(lostError(call))
  })
  call.signal = controller.signal
  try {
    return await work()
  } catch (error) {
    if (isLost && /** @type {any} */ (error)?.code === 'ABORT_ERR') throw lostError(call)
    throw error
  } finally {
    if (signal !== undefined) abortListeners.delete(signal, follow)
    // The call may be made again, with other slots.
    call.signal = signal
  }
}

/** @param {import('./call-slots').Request} call */
function lostError(call) {
  const { fence } = call
  const words =
    "the lease of its slots could not be kept, because the fleet's Redis was away; the call was ended"
  return codedError('ERR_LEASE_LOST', about(call, words), { fence })
}

module.exports = { whileLeased }
