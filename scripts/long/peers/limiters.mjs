// Runs the tests of other limiters against a semaphore of ours: their sources are fetched at a
// fixed commit into target/long/git, and their class is replaced by ours in their terms.

import { execFile } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { root } from '../../steps.mjs'
import { Skip } from '../support/checks.mjs'
import { folder, npmPackages } from '../support/install.mjs'
import { DIFFERENCES } from './limiters/differences.mjs'

const PACKAGES = {
  tsx: '4.20.5',
  mocha: '10.8.2',
  '@sinonjs/fake-timers': '11.3.1',
  delay: '6.0.0',
  'p-defer': '4.0.1',
  'random-int': '3.1.0',
  'time-span': '5.1.0',
  'in-range': '3.0.0',
  eventemitter3: '5.0.4',
  'p-timeout': '7.0.1',
}
/** No measurement, only an end to waiting. */
const timeout = 60_000
const run = promisify(execFile)

/** @typedef {{ name: string, passed: boolean, message?: string }} Outcome */
/**
 * `replaced` is the source of the class, `by` the file that is put in its place.
 * @typedef {{ repository: string, commit: string, replaced: string, by: [string, string],
 *   commands: string[][], outcomes: (report: string) => Outcome[] }} Peer
 */

/** @type {Record<string, Peer>} */
const PEERS = {
  'p-queue': {
    repository: 'https://github.com/sindresorhus/p-queue',
    commit: '180ab9e25cd10b6f548767d7176076b50d25e188',
    replaced: 'source/index.ts',
    by: ['p-queue.mjs', 'source/index.js'],
    commands: ['test/basic.ts', 'test/advanced.ts'].map((file) => [
      ...['--import=tsx/esm', '--test-reporter=tap', '--test-force-exit', file],
    ]),
    outcomes: fromTap,
  },
  'async-mutex': {
    repository: 'https://github.com/DirtyHairy/async-mutex',
    commit: 'b0bb4c5aa0e42eb5ffc8d9342e56bb6de1b95554',
    replaced: 'src/Semaphore.ts',
    by: ['async-mutex.cjs', 'src/Semaphore.js'],
    commands: [
      [
        ...['--require=tsx/cjs', 'node_modules/mocha/bin/_mocha', '--ui=tdd', '--reporter=json'],
        ...['--no-config', '--no-package', '--exit', 'test/semaphore.ts'],
      ],
    ],
    outcomes: fromMocha,
  },
}

/**
 * Makes a check of each test of each peer.
 * @param {import('../support/checks.mjs').Checks} checks
 */
export async function checkLimiters(checks) {
  const packages = await checks.check('limiters: packages', () => npmPackages('limiters', PACKAGES))
  for (const [name, peer] of Object.entries(PEERS)) {
    const tested = await checks.check(
      `limiters: ${name}: runs`,
      (place) => outcomesOf(name, peer, place),
      packages ?? false,
    )
    if (!Array.isArray(tested)) continue
    for (const outcome of tested)
      await checks.check(`limiters: ${name}: ${outcome.name}`, () => judge(name, outcome))
  }
}

/** Throws unless the test passed or fails by design. @param {string} peer @param {Outcome} test */
function judge(peer, { name, passed, message }) {
  if (passed) return
  const [, reason] = DIFFERENCES[peer].find(([pattern]) => pattern.test(name)) ?? []
  if (reason === undefined) throw new Error(message)
  throw new Skip(`by design: ${reason}`)
}

/** @param {string} name @param {Peer} peer @param {string} packages */
async function outcomesOf(name, peer, packages) {
  const place = await sourceOf(name, peer)
  const modules = join(place, 'node_modules')
  fs.rmSync(modules, { force: true, recursive: true })
  fs.symlinkSync(join(packages, 'node_modules'), modules, 'junction')
  fs.rmSync(join(place, peer.replaced), { force: true })
  const [ours, theirs] = peer.by
  fs.copyFileSync(fileURLToPath(new URL(`limiters/${ours}`, import.meta.url)), join(place, theirs))
  asDefaultImports(join(place, 'test'))
  const env = { ...process.env, PROCWARD: root }
  const options = { cwd: place, env, timeout, maxBuffer: 2 ** 26 }
  const all = peer.commands.map(async (command) => {
    // A failed test makes the program fail, and is judged by the report.
    const { stdout } = await run(process.execPath, command, options).catch((error) => error)
    const outcomes = peer.outcomes(stdout)
    if (outcomes.length === 0) throw new Error(`no test ran: ${stdout.slice(0, 300)}`)
    return outcomes
  })
  return (await Promise.all(all)).flat()
}

/** Fetches the sources, unless they are there. @param {string} name @param {Peer} peer */
async function sourceOf(name, { repository, commit }) {
  const place = join(folder, 'git', name)
  if (fs.existsSync(join(place, 'package.json'))) return place
  fs.mkdirSync(place, { recursive: true })
  const git = (/** @type {string[]} */ ...args) => run('git', args, { cwd: place, timeout })
  try {
    await git('init', '--quiet')
    await git('fetch', '--quiet', '--depth=1', repository, commit)
    await git('checkout', '--quiet', 'FETCH_HEAD')
  } catch (error) {
    fs.rmSync(place, { recursive: true, force: true })
    throw new Skip(`cannot fetch ${name}: ${error.message.split('\n')[0]}`)
  }
  return place
}

/**
 * Makes `assert` callable. Its namespace is callable for TypeScript's compiler only.
 * @param {string} tests - their folder
 */
function asDefaultImports(tests) {
  for (const name of fs.readdirSync(tests)) {
    const text = fs.readFileSync(join(tests, name), 'utf8')
    fs.writeFileSync(
      join(tests, name),
      text.replace('import * as assert from', 'import assert from'),
    )
  }
}

/** @param {string} report @returns {Outcome[]} */
function fromTap(report) {
  const lines = /^(not )?ok \d+ - (.*?)(?: # (?:SKIP|TODO).*)?$([\s\S]*?)^ {2}\.\.\.$/gm
  return [...report.matchAll(lines)].map(([, fails, name, details]) => ({
    name: name.replaceAll('\\#', '#'),
    passed: fails === undefined,
    message: /error: (?:\|-\s*)?(.*)/.exec(details)?.[1],
  }))
}

/** @param {string} report @returns {Outcome[]} */
function fromMocha(report) {
  const { tests } = JSON.parse(report.slice(report.indexOf('{\n')))
  return tests.map((/** @type {any} */ { title, err }) => ({
    name: title,
    passed: Object.keys(err).length === 0,
    message: err.message?.split('\n')[0],
  }))
}
