'use strict'

const { constants } = require('node:os')

/**
 * npm passes Ctrl-C on to a program that the terminal has told already: within this time, in ms, it
 * is the same one.
 */
const ECHO = 500

/**
 * Calls `stop` at the first signal to stop; a later one means now.
 * @param {(signal: NodeJS.Signals) => void} stop
 */
function onStopSignal(stop) {
  /** @type {number | undefined} */
  let first

  /** @param {'SIGINT' | 'SIGTERM'} signal */
  function receive(signal) {
    if (first === undefined) {
      first = performance.now()
      stop(signal)
    } else if (performance.now() - first > ECHO) {
      process.exit(128 + constants.signals[signal])
    }
  }
  process.on('SIGINT', receive)
  process.on('SIGTERM', receive)
  // Windows has no SIGTERM to send; process managers send this message there.
  process.on('message', (message) => {
    if (message === 'shutdown') receive('SIGTERM')
  })
}

module.exports = { onStopSignal }
