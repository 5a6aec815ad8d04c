// The tests of other limiters that a semaphore of ours fails by design, with the reasons.

/** @type {Record<string, [RegExp, string][]>} */
export const DIFFERENCES = {
  'p-queue': [
    [/priority/i, 'the order is strictly first come first served'],
    [/interval|throttled|rate-limit|RateLimit|issue #251/i, 'a semaphore has no rates'],
    [/timeout/i, 'a timeout bounds the wait; a running function keeps its slot'],
    [/event|emit/i, 'no event emitter: node:diagnostics_channel publishes'],
    [
      /onEmpty|onSizeLessThan|onPendingZero|onError|empty when/,
      'onIdle() is the only such promise',
    ],
    [/sizeBy|explicit id|duplicate id|unique IDs/, 'waiters have no ids'],
    [/^enforce number/, 'a malformed option has its own message, and a limit is never Infinity'],
    [/listener/, 'one listener for all waiters of a signal, and none of a running function'],
    [/\.onIdle\(\)$|debug/i, 'a function starts in a microtask, never within the call'],
  ],
  'async-mutex': [
    [/priority|skip the line/, 'the order is strictly first come first served'],
    [/waitForUnlock/, 'no wait without taking a slot'],
    [/^setValue sets/, 'a limit is at least 1, so nothing holds the limit at 0'],
    [/negative/, 'a limit is at least 1, and a cost is checked with a message of its own'],
    [/release on a unlocked/, 'a release too many throws, so that the limit never grows'],
    [/isolated weights/, 'a cost above the limit rejects at once'],
  ],
}
