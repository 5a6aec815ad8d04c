'use strict'

// Publishes starts, exits and terminations of process trees. The addon records these events while a
// channel has subscribers.

const { channels } = require('../diagnostics')
const native = require('../native')

/** @type {import('../../binding').TreeEvents | undefined} */
let events
let isPublishing = false

/**
 * Publishes all recorded events. The addon calls this function for later ones. Each use of a
 * process calls it at its start and its end, so that a subscriber gets these events before the
 * caller goes on.
 */
function publishProcesses() {
  if (!hasSubscribers()) return stop()
  events ??= new native.TreeEvents(publishProcesses)
  // A subscriber may start a process.
  if (isPublishing) return
  isPublishing = true
  try {
    for (let taken = events.take(); taken.length > 0; taken = events?.take() ?? [])
      taken.forEach(publish)
  } finally {
    isPublishing = false
  }
}

function hasSubscribers() {
  return (
    channels.spawn.hasSubscribers || channels.exit.hasSubscribers || channels.kill.hasSubscribers
  )
}

function stop() {
  events?.stop()
  events = undefined
}

/** @param {import('../../binding').TreeEvent} event */
function publish({ kind, pid, server, tool, time, duration, exitCode, signal, reason }) {
  if (!channels[kind].hasSubscribers) return
  const message = { pid, server: server ?? null, tool: tool ?? null, time }
  if (kind === 'exit') {
    Object.assign(message, {
      duration,
      exitCode: exitCode ?? null,
      signal: require('../signals').signalName(signal),
      reason,
    })
  }
  if (kind === 'kill') Object.assign(message, { reason })
  channels[kind].publish(message)
}

module.exports = { publishProcesses }
