'use strict'

// Keeps the event loop alive while a request waits. The addon wakes the loop, but does not hold it.

const { hasFakeTimers } = require('./deadline-timer')

// A fake timer of a test holds nothing.
const keeper = hasFakeTimers() ? new MessageChannel().port1 : setInterval(() => {}, 2 ** 31 - 1)
keeper.unref()
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
