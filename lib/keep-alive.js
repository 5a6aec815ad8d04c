'use strict'

// Keeps the event loop alive while a request waits. The addon wakes the loop, but does not hold it.

const keeper = setInterval(() => {}, 2 ** 31 - 1).unref()
let held = 0

/** Keeps the event loop alive until the matching `letGo()`. */
function hold() {
  if (held++ === 0) keeper.ref()
}

/** Ends one `hold()`. */
function letGo() {
  if (--held === 0) keeper.unref()
}

module.exports = { hold, letGo }
