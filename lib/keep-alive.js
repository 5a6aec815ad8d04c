'use strict'

// The native side wakes the event loop, but does not keep it alive; this does while somebody waits.

const keeper = setInterval(() => {}, 2 ** 31 - 1).unref()
let waiting = 0

/** Somebody waits. */
function hold() {
  if (waiting++ === 0) keeper.ref()
}

/** They need wait no longer. */
function letGo() {
  if (--waiting === 0) keeper.unref()
}

module.exports = { hold, letGo }
