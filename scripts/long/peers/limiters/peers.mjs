// The other limiters: where their tests are, how they run, and what takes the place of their class.

import { fileURLToPath } from 'node:url'
import { fromMocha, fromTap } from '../reports.mjs'

/**
 * `replaced` is the source of the class, `by` the files here that take its place, with their names
 * there. Each of the `commands` is the arguments of a Node.js, relative to the sources.
 * @typedef {{ source: import('../sources.mjs').Source, replaced: string,
 *   by: Record<string, string>, commands: string[][],
 *   outcomes: (report: string) => import('../reports.mjs').Outcome[] }} Peer
 */

const VIRTUAL_TIME = `--require=${fileURLToPath(new URL('virtual-time.cjs', import.meta.url))}`
const MOCHA = ['node_modules/mocha/bin/_mocha', '--reporter=json', '--no-config', '--no-package']

/** @type {Record<string, Peer>} */
export const PEERS = {
  'p-queue': {
    source: {
      repository: 'https://github.com/sindresorhus/p-queue',
      commit: '180ab9e25cd10b6f548767d7176076b50d25e188',
    },
    replaced: 'source/index.ts',
    by: { 'p-queue.mjs': 'source/index.js' },
    commands: ['test/basic.ts', 'test/advanced.ts'].map((file) => [
      ...[VIRTUAL_TIME, '--import=tsx/esm', '--test-reporter=tap', '--test-force-exit', file],
    ]),
    outcomes: fromTap,
  },
  'async-mutex': {
    source: {
      repository: 'https://github.com/DirtyHairy/async-mutex',
      commit: 'b0bb4c5aa0e42eb5ffc8d9342e56bb6de1b95554',
    },
    replaced: 'src/Semaphore.ts',
    by: { 'async-mutex.cjs': 'src/Semaphore.js' },
    commands: [['--require=tsx/cjs', ...MOCHA, '--ui=tdd', '--exit', 'test/semaphore.ts']],
    outcomes: fromMocha,
  },
  // Its other tests are those of its queue and its states, and those that need a Redis server.
  bottleneck: {
    source: { package: 'bottleneck' },
    replaced: 'lib/Bottleneck.js',
    by: {
      'bottleneck.cjs': 'lib/Bottleneck.js',
      'bottleneck-jobs.cjs': 'lib/bottleneck-jobs.js',
    },
    commands: [
      [
        ...MOCHA,
        ...[VIRTUAL_TIME, '--timeout=5000', '--exit'],
        ...['general', 'stop', 'promises', 'priority', 'retries', 'group', 'batcher'].map(
          (name) => `test/${name}.js`,
        ),
      ],
    ],
    outcomes: fromMocha,
  },
}
