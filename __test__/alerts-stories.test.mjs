// Which alerts are raised and resolved when: tables of samples.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  available,
  calls,
  every5,
  pause,
  START,
  scanner,
  starts,
  story,
  tool,
} from './support/samples.mjs'

const STORIES = [
  ['nothing', {}, every5(0, 600, {}), []],
  ['as many processes as recommended', {}, every5(0, 600, { processes: 5 }), []],
  ['a process more, at once', {}, every5(0, 60, { processes: 6 }), ['0 +processes']],
  [
    'few processes for 15 s',
    {},
    [[0, { processes: 6 }], ...every5(5, 60, { processes: 5 })],
    ['0 +processes', '20 -processes'],
  ],
  [
    'processes that come and go within 15 s',
    {},
    Array.from({ length: 20 }, (_, at) => [at * 5, { processes: at % 2 ? 6 : 5 }]),
    ['5 +processes'],
  ],
  ['two who wait', {}, every5(0, 600, { queued: 2 }), []],
  ['three who wait, for less than a minute', {}, every5(0, 55, { queued: 3 }), []],
  ['three who wait, for a minute', {}, every5(0, 120, { queued: 3 }), ['60 +queue']],
  [
    'three who wait, with a breath in between',
    {},
    [...every5(0, 30, { queued: 3 }), [35, { queued: 2 }], ...every5(40, 95, { queued: 3 })],
    [],
  ],
  [
    'a queue that only gets back to the threshold',
    {},
    [...every5(0, 60, { queued: 3 }), ...every5(65, 600, { queued: 2 })],
    ['60 +queue'],
  ],
  [
    'a queue that gets back to half the threshold for 30 s',
    {},
    [
      ...every5(0, 60, { queued: 3 }),
      ...every5(65, 85, { queued: 1 }),
      [90, { queued: 2 }],
      ...every5(95, 130, {}),
    ],
    ['60 +queue', '125 -queue'],
  ],
  [
    'a wait in vain, until it is five minutes ago',
    {},
    [[0, {}], ...every5(5, 400, { queueTimeouts: 1 })],
    ['5 +queueTimeouts', '305 -queueTimeouts'],
  ],
  [
    'what was counted before the first sample',
    {},
    every5(0, 60, { queueTimeouts: 9, kills: 9 }),
    [],
  ],
  [
    'a counter that starts anew',
    {},
    [
      [0, { queueTimeouts: 9 }],
      [5, {}],
      [10, { queueTimeouts: 1 }],
    ],
    ['10 +queueTimeouts'],
  ],
  [
    'a counter that starts anew and counted',
    {},
    [
      [0, { queueTimeouts: 9 }],
      [5, { queueTimeouts: 1 }],
    ],
    ['5 +queueTimeouts'],
  ],
  [
    'five kills',
    {},
    [
      [0, {}],
      [5, { kills: 5 }],
    ],
    [],
  ],
  [
    'six kills, one at a time, and the time after them',
    {},
    [
      ...Array.from({ length: 7 }, (_, kills) => [kills * 50, { kills }]),
      ...every5(305, 700, { kills: 6 }),
    ],
    // At 500 s only those of 250 and 300 s are within the window: no more than half the threshold.
    ['300 +kills', '500 -kills'],
  ],
  [
    'nine failures of nine',
    {},
    [
      [0, {}],
      [5, { calls: 9, failures: 9 }],
    ],
    [],
  ],
  [
    'a quarter of the calls failed',
    {},
    [
      [0, {}],
      [5, { calls: 20, failures: 5 }],
    ],
    [],
  ],
  [
    'more than a quarter failed, then all went well',
    {},
    [
      [0, {}],
      [5, { calls: 20, failures: 6 }],
      [10, { calls: 40, failures: 6 }],
      [15, { calls: 60, failures: 6 }],
    ],
    ['5 +failures', '15 -failures'],
  ],
  [
    'failures of more than five minutes ago',
    {},
    [[0, {}], [5, { calls: 20, failures: 20 }], ...every5(10, 400, { calls: 20, failures: 20 })],
    ['5 +failures', '305 -failures'],
  ],
  ['memory at the threshold', {}, every5(0, 600, available(10)), []],
  [
    'memory short for less than 30 s',
    {},
    [...every5(0, 25, available(9)), [30, available(10)]],
    [],
  ],
  [
    'memory short, and back in the middle',
    {},
    [
      ...every5(0, 60, available(9)),
      ...every5(65, 300, available(12)),
      ...every5(305, 400, available(50)),
    ],
    ['30 +memory', '335 -memory'],
  ],
  ['memory that is unknown', {}, every5(0, 600, { memoryAvailable: null, memoryTotal: null }), []],
  [
    'memory that becomes unknown',
    {},
    [...every5(0, 30, available(9)), ...every5(35, 600, available(null))],
    ['30 +memory'],
  ],
  ['a tool at the threshold', {}, every5(0, 600, tool(30)), []],
  [
    'a slow tool, and then none',
    {},
    [...every5(0, 60, tool(31)), ...every5(65, 200, {})],
    ['60 +slowTool', '125 -slowTool'],
  ],
  [
    'a pause, and no other for 15 s',
    {},
    [[0, {}], [5, pause(9000)], [10, pause(4000)], ...every5(15, 60, {})],
    ['5 +pausedServer', '30 -pausedServer'],
  ],
  [
    'short pauses that follow each other',
    {},
    [
      [0, pause(900)],
      [5, {}],
      [10, pause(900)],
      [15, {}],
      [20, pause(900)],
    ],
    ['0 +pausedServer'],
  ],
  [
    'pauses below a threshold',
    { pausedServer: { threshold: 10_000 } },
    [
      [0, pause(10_000)],
      [5, pause(10_001)],
    ],
    ['5 +pausedServer'],
  ],
  [
    'a gap of more than 30 s',
    {},
    [...every5(0, 50, { queued: 3 }), ...every5(81, 136, { queued: 3 })],
    [],
  ],
  [
    'a gap of 30 s',
    {},
    [...every5(0, 50, { queued: 3 }), ...every5(80, 100, { queued: 3 })],
    ['80 +queue'],
  ],
  [
    'a gap does not resolve',
    {},
    [
      [0, { processes: 6 }],
      [5, {}],
      [10, {}],
      [100, {}],
      [105, {}],
      [110, {}],
      [115, {}],
    ],
    ['0 +processes', '115 -processes'],
  ],
  [
    'a clock that is set back',
    {},
    [...every5(0, 50, { queued: 3 }), ...every5(10, 65, { queued: 3 })],
    [],
  ],
  [
    'another threshold',
    { queue: { threshold: 10, for: 0 } },
    [
      [0, { queued: 10 }],
      [5, { queued: 11 }],
    ],
    ['5 +queue'],
  ],
  ['a rule that is left out', { processes: false }, every5(0, 60, { processes: 60 }), []],
  [
    'two levels',
    { manyProcesses: { measure: 'processes', threshold: 10, level: 'critical' } },
    [
      [0, { processes: 6 }],
      [5, { processes: 11 }],
    ],
    ['0 +processes', '5 +manyProcesses'],
  ],
  [
    'one server that fails among others that do not',
    {},
    [
      [0, calls({ good: [0, 0], bad: [0, 0] })],
      [5, calls({ good: [100, 0], bad: [9, 9] })],
      [10, calls({ good: [200, 0], bad: [10, 10] })],
      // Five minutes later there were too few calls.
      ...every5(15, 320, calls({ good: [200, 0], bad: [10, 10] })),
    ],
    ['10 +serverFailures', '305 -serverFailures'],
  ],
  [
    'the calls of servers, after samples without them',
    {},
    [
      [0, calls({ bad: [0, 0] })],
      [5, {}],
      [10, calls({ bad: [20, 20] })],
    ],
    ['10 +serverFailures'],
  ],
  [
    'servers that are not started',
    {},
    [[0, {}], ...every5(5, 10, { breakers: { server: 'asana', count: 2 } }), ...every5(15, 75, {})],
    ['5 +breakerOpen'],
  ],
  [
    'servers that are started again',
    {},
    [[0, { breakers: { server: 'asana', count: 1 } }], ...every5(5, 65, { breakers: null })],
    ['0 +breakerOpen', '65 -breakerOpen'],
  ],
  [
    'calls that wait for a session for a minute',
    {},
    [...every5(0, 60, { exhausted: 3 }), ...every5(65, 95, { exhausted: 0 })],
    ['60 +poolExhausted', '95 -poolExhausted'],
  ],
  [
    'no readiness for half a minute',
    {},
    [...every5(0, 30, { ready: false }), ...every5(35, 50, { ready: true })],
    ['30 +notReady', '50 -notReady'],
  ],
  [
    'no readiness for a moment',
    {},
    [...every5(0, 25, { ready: false }), [30, { ready: true }]],
    [],
  ],
  [
    'crashes within five minutes',
    {},
    [
      [0, { crashes: 7 }],
      [5, { crashes: 10 }],
      [10, { crashes: 11 }],
    ],
    ['10 +crashes'],
  ],
  [
    'many starts within a minute',
    {},
    [
      [0, { spawns: 0 }],
      [5, { spawns: 601 }],
    ],
    ['5 +spawnStorm'],
  ],
  ['as many starts within two minutes', {}, starts(25), []],
  [
    'child processes with most of the memory for a minute',
    {},
    every5(0, 65, { memory: 51 }),
    ['60 +childrenMemory'],
  ],
  [
    'a scanner that was stopped',
    {},
    [[0, scanner({})], ...every5(5, 30, scanner({ isRunning: false }))],
    ['20 +scannerStopped'],
  ],
  ['a scanner that never ran', {}, every5(0, 60, scanner({ isRunning: false })), []],
  [
    'a scanner that hangs',
    {},
    [
      [180, scanner({ lastScan: START })],
      [185, scanner({ lastScan: START })],
      [190, scanner({ lastScan: START + 190_000 })],
    ],
    ['185 +scannerStale', '190 -scannerStale'],
  ],
  [
    'a scanner with a short interval on a busy machine',
    {},
    [[30, scanner({ interval: 100, lastScan: START })]],
    [],
  ],
  ['a scan from before the clock was set back', {}, [[0, scanner({ lastScan: START + 1e9 })]], []],
  [
    'errors of scans',
    {},
    [
      [0, { cleanupErrors: 1 }],
      [5, { cleanupErrors: 5 }],
    ],
    ['5 +cleanupErrors'],
  ],
  [
    'several at once',
    {},
    [
      [0, {}],
      [5, { processes: 6, queueTimeouts: 1, kills: 6 }],
    ],
    ['5 +processes', '5 +queueTimeouts', '5 +kills'],
  ],
]

describe('story', () => {
  for (const [name, rules, samples, told] of STORIES) {
    test(name, () => assert.deepEqual(story(rules, samples).told, told))
  }
})
