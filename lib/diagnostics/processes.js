'use strict'

// Process trees that start, end, and are ended: the addon keeps what happens to them, for as long
// as somebody subscribes.

const { channels } = require('../diagnostics')
const native = require('../native')

/** @type {import('../../binding').TreeEvents | undefined} */
let events
let isTelling = false

/**
 * Tells what has happened so far; later events come by themselves. Called at both ends of each use
 * of a process, so that its start and its exit are told before whoever waits for them goes on.
 */
function tellProcesses() {
  if (!isHeard()) return stop()
  events ??= new native.TreeEvents(tellProcesses)
  // A subscriber may start a process.
  if (isTelling) return
  isTelling = true
  try {
    for (let taken = events.take(); taken.length > 0; taken = events?.take() ?? [])
      taken.forEach(publish)
  } finally {
    isTelling = false
  }
}

function isHeard() {
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

module.exports = { tellProcesses }
