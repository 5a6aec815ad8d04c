// Orderly and disorderly ends of a server, each in the middle of calls with hostile trees.

import { setTimeout as sleep } from 'node:timers/promises'
import { checkAll, figure, spread } from '../support/figures.mjs'
import { dispose, living, signal, since, timeToZero, until } from '../support/processes.mjs'
import { Server } from '../support/server.mjs'
import { trees } from '../support/trees.mjs'

export const title = 'every way in which a server, or a part of it, can end'
export const isolated = true
export const counts = { full: { rounds: 5 }, quick: { rounds: 1 } }
/** How long what is left without wardens is given to go by itself, in ms. */
const SECOND_THOUGHTS = 1000

/**
 * Each: what happens to the server.
 * - `after`: with the trees up; before, `before`.
 * - `control`: without wardens it leaves something.
 * - `goesOn`: the server itself does not end.
 * @typedef {{ before?: string, after(server: Server): unknown, control?: boolean, goesOn?: boolean,
 *   execArgv?: string[] }} End
 * @type {Record<string, End>}
 */
const ENDS = {
  'an uncaught exception': { after: tell('throw'), control: true },
  'an unhandled rejection': { after: tell('reject'), control: true },
  'process.exit() in mid-call': { after: tell('exit'), control: true },
  'SIGTERM without a handler': { after: send('SIGTERM'), control: true },
  SIGINT: { after: send('SIGINT'), control: true },
  SIGKILL: { after: send('SIGKILL'), control: true },
  'SIGTERM with shutdown()': { before: 'handleSigterm', after: send('SIGTERM') },
  'SIGTERM with a patient shutdown(), and another': {
    before: 'handleSigtermPatiently',
    after: sendTwice('SIGTERM'),
  },
  'abort()': { after: tell('abort'), control: true },
  'an exhausted heap': {
    after: tell('exhaust'),
    control: true,
    execArgv: ['--max-old-space-size=24'],
  },
  'a worker that exits': { before: 'startWorker', after: tell('workerExits'), goesOn: true },
  'a worker that throws': { before: 'startWorker', after: tell('workerThrows'), goesOn: true },
  'a worker that is terminated': {
    before: 'startWorker',
    after: tell('workerIsTerminated'),
    goesOn: true,
  },
}

/** @param {{ rounds: number }} counts */
export async function run({ rounds }) {
  for (const [name, end] of Object.entries({ 'nothing left to do': undefined, ...ENDS })) {
    const results = []
    for (let at = 0; at < rounds; at++) results.push(end ? await during(end) : await returning())
    checkAll(
      results.map(({ left, ended, time }) => left === 0 && ended && Number.isFinite(time)),
      `${name}: rounds in which nothing was left`,
    )
    if (end) figure(`${name}, time to zero: ${spread(results.map(({ time }) => time))}`)
    if (end?.control)
      figure(
        `${name}, control without wardens: ${(await during(end, { warden: false })).left} left`,
      )
  }
}

/** @param {End} end */
async function during({ before: first, after, goesOn, execArgv }, { warden = true } = {}) {
  const before = living()
  const server = new Server({ warden, execArgv, quiet: true })
  const started = await start(server, first)
  await after(server)
  const time = await timeToZero(started, warden ? undefined : SECOND_THOUGHTS)
  const ended = goesOn
    ? await answers(server)
    : await Promise.race([server.exited.then(() => true), sleep(20_000, false)])
  if (goesOn) await server.kill()
  const left = since(before)
  await dispose(left)
  return { time, left: left.length, ended }
}

/** @param {Server} server @param {string} [first] */
async function start(server, first) {
  if (first === 'startWorker')
    return server.growth(trees.hostile, 1, () =>
      server.ask('end', { how: first, tree: trees.hostile }),
    )
  if (first) await server.ask('end', { how: first })
  return server.startTrees(trees.hostile, 2)
}

/** Its calls have returned, and what they left behind is all that there still is. */
async function returning() {
  const before = living()
  const server = new Server()
  await server.ask('run', { ...trees.deserter, options: { killGrace: 200 } })
  await tell('return')(server)
  const [code] = await server.exited
  const left = since(before)
  await dispose(left)
  return { time: 0, left: left.length, ended: code === 0 }
}

/** @param {Server} server */
function answers(server) {
  return server.ask('ready').then(
    () => true,
    () => false,
  )
}

/** @param {string} how */
function tell(how) {
  return (/** @type {Server} */ server) => server.ask('end', { how }).catch(() => {})
}

/** @param {NodeJS.Signals} name */
function send(name) {
  return (/** @type {Server} */ server) => signal(server.pid, name)
}

/** @param {NodeJS.Signals} name */
function sendTwice(name) {
  return async (/** @type {Server} */ server) => {
    signal(server.pid, name)
    await until(() => !server.isConnected)
    signal(server.pid, name)
  }
}
