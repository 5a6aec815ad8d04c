'use strict'

// The native side wakes the event loop, but does not keep it alive; this does while there is
// something to wait for.

const keeper = setInterval(() => {}, 2 ** 31 - 1).unref()
let held = 0

/** There is. */
function hold() {
  if (held++ === 0) keeper.ref()
}

/** No longer. */
function letGo() {
  if (--held === 0) keeper.unref()
}

module.exports = { hold, letGo }
