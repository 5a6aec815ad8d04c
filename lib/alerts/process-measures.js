'use strict'

// The measures of child processes.

const { many, percent, seconds } = require('./words')

/** @type {[string, import('./measures').Measure][]} */
const processMeasures = [
  [
    'crashes',
    {
      value: ({ counts }) => counts.crashes,
      message: (value, { threshold, window }) =>
        `${many(value, 'process tree')} killed by others or for lack of memory ` +
        `within ${seconds(window)} (threshold: ${threshold})`,
    },
  ],
  [
    'spawnStorm',
    {
      value: ({ counts }) => counts.spawns,
      message: (value, { threshold, window }) =>
        `${many(value, 'process tree')} started within ${seconds(window)} ` +
        `(threshold: ${threshold})`,
    },
  ],
  [
    'childrenMemory',
    {
      value: ({ sample: { memory, memoryTotal } }) => (memoryTotal ? memory / memoryTotal : null),
      message: (value, { threshold }) =>
        `${percent(value)} of the memory taken by child processes ` +
        `(threshold: ${percent(threshold)})`,
    },
  ],
]

module.exports = { processMeasures }
