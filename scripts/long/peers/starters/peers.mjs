// The packages that start child processes: where their tests are, and how they run.

import { fromAva, fromJest, fromMocha, fromTap } from '../reports.mjs'

/**
 * `packages` are those that the tests need. `command` is the arguments of a Node.js, relative to
 * the sources, and `files` the test files unless the command finds them by itself. `fileOf` returns
 * the file of a test, so that a second run of one test needs no run of all. `edits` are
 * replacements in the sources: the file, the text, and the text in its place. `byDesign` are the
 * tests that may fail with the flag, each list after its reason.
 * @typedef {{ source: import('../sources.mjs').Checkout, node?: string,
 *   packages: Record<string, string>, command: string[], files?: string[],
 *   fileOf?: (test: string) => string, edits?: [string, string, string][],
 *   byDesign?: [string, string[]][],
 *   outcomes: (report: string, files: string[]) => import('../reports.mjs').Outcome[] }} Peer
 */

const AVA_OPTIONS = ['--tap', '--concurrency=2']
const AVA_6 = ['node_modules/ava/entrypoints/cli.mjs', ...AVA_OPTIONS]
const AVA_8 = ['node_modules/ava/entrypoints/cli.js', ...AVA_OPTIONS]
const GET_NODE = '15.0.4'
const PATH_KEY = '4.0.0'
const TSX = '4.20.5'

/** What both releases of execa, and their tests, need. */
const EXECA = {
  '@sindresorhus/merge-streams': '4.0.0',
  figures: '6.1.0',
  'get-node': GET_NODE,
  'get-stream': '9.0.1',
  'human-signals': '8.0.1',
  'is-plain-obj': '4.1.0',
  'is-running': '2.1.0',
  'is-stream': '4.0.1',
  'log-process-errors': '12.0.1',
  'npm-run-path': '6.0.0',
  'path-exists': '5.0.0',
  'path-key': PATH_KEY,
  'pretty-ms': '9.3.0',
  'signal-exit': '4.1.0',
  'strip-final-newline': '4.0.0',
  yoctocolors: '2.1.2',
}

/**
 * The tests of execa that want a process to outlive what ended its parent.
 * @type {[string, string[]][]}
 */
const OUTLIVE = [
  [
    'the children of a process end with it, detached ones too unless unref() was called',
    [
      'spawnAndKill SIGTERM',
      'spawnAndKill SIGKILL',
      'spawnAndKill cleanup SIGKILL',
      'spawnAndKill detached SIGTERM',
      'spawnAndKill detached SIGKILL',
      'spawnAndKill cleanup detached SIGTERM',
      'spawnAndKill cleanup detached SIGKILL',
      'detach subprocess',
    ].map((name) => `terminate › cleanup › ${name}`),
  ],
  [
    'the tree of a child ends once kill(), a timeout or an abort has ended the child',
    [
      'descendant processes are not terminated without killDescendants',
      'timeout does not terminate descendants without killDescendants',
    ].map((name) => `terminate › kill-descendants › ${name}`),
  ],
]

/** @type {Record<string, Peer>} */
export const PEERS = {
  'cross-spawn-7.0.6': {
    source: { repository: 'https://github.com/moxystudio/node-cross-spawn', commit: 'v7.0.6' },
    packages: {
      jest: '24.9.0',
      mkdirp: '0.5.6',
      'path-key': '3.1.1',
      rimraf: '3.0.2',
      'shebang-command': '2.0.0',
      which: '2.0.2',
    },
    command: [
      'node_modules/jest/bin/jest.js',
      // The tests need none of the transforms that the repository has for its sources.
      ...['--config={"testEnvironment":"node","transform":{}}', '--json'],
    ],
    outcomes: fromJest,
  },
  'tree-kill-1.2.2': {
    source: { repository: 'https://github.com/pkrumins/node-tree-kill', commit: 'v1.2.2' },
    packages: { mocha: '10.8.2' },
    command: ['node_modules/mocha/bin/mocha.js', '--reporter=json', '--exit'],
    outcomes: fromMocha,
  },
  'tinyexec-0.3.1': {
    source: { repository: 'https://github.com/tinylibs/tinyexec', commit: '0.3.1' },
    packages: { 'cross-spawn': '7.0.6', tsx: TSX },
    command: ['--import=tsx', '--test', '--test-reporter=tap'],
    files: ['env', 'main', 'stream'].map((name) => `src/test/${name}_test.ts`),
    outcomes: fromTap,
  },
  'nano-spawn-0.1.0': {
    source: { repository: 'https://github.com/sindresorhus/nano-spawn', commit: 'v0.1.0' },
    packages: {
      ava: '6.4.1',
      'get-node': GET_NODE,
      'path-key': PATH_KEY,
      tempy: '3.1.0',
      yoctocolors: '2.1.2',
    },
    command: AVA_6,
    fileOf: avaFile,
    outcomes: fromAva,
  },
  'mcp-sdk-1.29.0': {
    source: {
      repository: 'https://github.com/modelcontextprotocol/typescript-sdk',
      commit: 'v1.29.0',
    },
    packages: { '@modelcontextprotocol/sdk': '1.29.0', tsx: TSX, vitest: '4.0.18', zod: '4.1.13' },
    command: ['node_modules/vitest/vitest.mjs', 'run', '--reporter=json'],
    files: [
      'test/client/cross-spawn.test.ts',
      'test/client/stdio.test.ts',
      'test/integration-tests/processCleanup.test.ts',
    ],
    // A server that hangs ends after 4 s, which leaves too little for its start.
    edits: [
      ['test/integration-tests/processCleanup.test.ts', 'testTimeout: 5000', 'testTimeout: 60_000'],
    ],
    outcomes: fromJest,
  },
  'execa-9.6.1': {
    source: { repository: 'https://github.com/sindresorhus/execa', commit: 'v9.6.1' },
    node: '20.20.2',
    packages: {
      ...EXECA,
      ava: '6.4.1',
      'cross-spawn': '7.0.6',
      'is-in-ci': '1.0.0',
      tempfile: '5.0.0',
      which: '5.0.0',
    },
    command: AVA_6,
    fileOf: avaFile,
    byDesign: OUTLIVE,
    outcomes: fromAva,
  },
  'execa-10.0.1': {
    source: { repository: 'https://github.com/sindresorhus/execa', commit: 'v10.0.1' },
    node: '24.22.3',
    packages: {
      ...EXECA,
      ava: '8.0.1',
      'is-in-ci': '2.0.0',
      tempfile: '6.0.1',
      'which-command': '0.1.0',
    },
    command: AVA_8,
    fileOf: avaFile,
    byDesign: OUTLIVE,
    outcomes: fromAva,
  },
}

/** Ava's name of a test begins with the path of its file. @param {string} test */
function avaFile(test) {
  return `test/${test.split(' › ').slice(0, -1).join('/')}.js`
}
