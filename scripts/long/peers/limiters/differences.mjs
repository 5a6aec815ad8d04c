// The tests of other limiters that a semaphore of ours fails by design, by the reason. A name is
// exact; a pattern stands for the tests of a method or a feature that is not there.

const ORDER = 'the order is strictly first come first served'
const RATES = 'a semaphore has no rates'
const RUN = 'a timeout bounds the wait; a running function keeps its slot'
const LIMIT = 'a limit is at least 1'
const TOO_MUCH = 'a cost above the limit rejects at once'

/** @type {Record<string, [reason: string, names: (string | RegExp)[]][]>} */
export const DIFFERENCES = {
  'p-queue': [
    [
      ORDER,
      [
        /^\.setPriority\(\) /,
        '.add() - priority',
        '.sizeBy() - priority',
        '.add() - priority defaults to 0 when undefined',
      ],
    ],
    [
      RATES,
      [
        /^rate-limit /,
        /^onRateLimit(Cleared)?\(\) promise helper$/,
        'isRateLimited property',
        '.add() - throttled, carryoverIntervalCount false',
        '.add() - throttled, carryoverIntervalCount true',
        '.add() - throttled 10, concurrency 5',
        '.add() - throttled finish and resume',
        'pause should work when throttled',
        'clear interval on pause',
        'intervalCap',
        'intervalCap should be respected with high concurrency (issue #126)',
        'consumed interval is remembered between idle states',
        'interval should be maintained when using await between adds (issue #182)',
        'interval maintained when queue becomes empty multiple times',
        'interval reset after long idle period',
        'interval with carryoverIntervalCount after queue empty',
        'fresh window after idle still enforces the cap for the following task (issue #251)',
        'task added after going idle but before the boundary still waits for the current window ' +
          '(issue #251)',
        'enforce number in options.intervalCap',
        'enforce finite in options.interval',
      ],
    ],
    [
      RUN,
      [
        '.add() - timeout always throws',
        '.add() - timeout behavior',
        '.add() - change timeout in between',
        'should verify timeout overrides passed to add',
      ],
    ],
    [
      'no event emitter: node:diagnostics_channel publishes',
      [
        'should be an event emitter',
        /^should emit /,
        '.clear() with running tasks emits empty but not idle',
        'aborting a queued task emits correct events',
      ],
    ],
    [
      'onIdle() is the only such promise',
      [
        /^\.onSizeLessThan\(\)/,
        /^\.onPendingZero\(\) - /,
        /^\.onError\(\) - /,
        '.onEmpty()',
        '.clear() resolves onEmpty() and onIdle() waiters',
        'should resolve empty when size is zero',
        'onError does not reject when a queued task is aborted',
      ],
    ],
    [
      'a malformed limit throws an error with a code, no TypeError',
      ['enforce number in options.concurrency', 'enforce number in queue.concurrency'],
    ],
    [
      'the listener of a signal goes in the microtask after its last waiter',
      ['clear() removes queued abort listeners'],
    ],
    [
      'one listener for all waiters of a signal, and none of a running function',
      [
        'clear() removes queued abort listeners for shared signals',
        'clear() keeps the running task abort listener while removing queued ones',
        'clear() does not accumulate abort listeners across repeated discard cycles',
      ],
    ],
  ],
  'async-mutex': [
    [
      ORDER,
      [
        'Semaphore acquire unblocks high-priority tasks first',
        'Semaphore acquire prioritizes high-priority tasks even if they are heavier',
        'Semaphore runExclusive executes high-priority tasks first',
        'Semaphore waitForUnlock unblocks only high-priority waiters immediately',
        'Semaphore waitForUnlock unblocks waiters of descending priority as the queue drains',
      ],
    ],
    [LIMIT, ['Semaphore a semaphore can be initialized to negative values']],
    [
      `${LIMIT}, and ${TOO_MUCH}`,
      ['Semaphore setValue sets the semaphore value and runs all applicable waiters'],
    ],
    [TOO_MUCH, ['Semaphore setValue works fine with isolated weights']],
    [
      'a release too many throws, so that the limit never grows',
      ['Semaphore calling release on a unlocked semaphore does not throw'],
    ],
    [
      'a malformed cost rejects the promise, and release() takes no cost',
      [/^Semaphore trying to (acquire|release|waitForUnlock) with a negative weight throws$/],
    ],
  ],
  bottleneck: [
    [
      ORDER,
      [
        'General Counts and statuses Should check() and return the queued count with and without ' +
          'a priority value',
        'Promises Wrap Should allow passing options',
        'Priority Should do basic ordering',
        'Priority Should have the right priority',
        'Priority Should support LEAK',
        'Priority Should support OVERFLOW_PRIORITY',
      ],
    ],
    ['maxQueue is fixed', ['Priority Should support OVERFLOW']],
    [RATES, [/^General Reservoir /, 'General Weight Should overflow at the correct rate']],
    [RUN, ['General Expiration Should cancel jobs']],
    ['a semaphore carries no messages', [/^General Pubsub /]],
    [
      'their package `leakage` does not build on a current Node.js',
      [/^General Should not leak memory /],
    ],
  ],
}
