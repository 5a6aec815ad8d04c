'use strict'

// Loaded before the tests of a limiter. Their timers fire on a clock that leaps to the next timer as
// soon as nothing else is left to run, so that a busy machine delays no test.

const { install } = require(`${process.cwd()}/node_modules/@sinonjs/fake-timers`)

const timers = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval']
const toFake = [...timers, 'Date', 'performance', 'hrtime']
const { setImmediate } = globalThis
const clock = install({ now: Date.now(), toFake })

function leap() {
  if (clock.countTimers() > 0) {
    clock.next()
    // The timers of Node.js fire up to a millisecond late, and some tests count on it.
    clock.setSystemTime(Date.now() + 1)
  }
  setImmediate(leap)
}

leap()
