// What can go wrong with a child that existing code starts through `child_process`, beside what can
// go wrong with any call.

import { cat, faults, floods, soon, toWarden } from './faults.mjs'
import { trees } from './trees.mjs'

/** @typedef {import('./dice.mjs').Dice} Dice */
/**
 * - `start`: a way to start it; any, if missing.
 * - `how`: for fixtures/children.cjs.
 * @typedef {import('./faults.mjs').Fault & { start?: string, how?: object }} ChildFault
 */

const { chain, tagged, hostile, node } = trees
/** The ways whose processes may outlive the server, or their root. */
const FREE = ['detached', 'released']
const STARTS = [
  ...['spawn', 'exec', 'execFile', 'shell', 'fork', 'ipc', 'extra', 'ignore', 'descriptor'],
  ...['execa', 'detached'],
]

/** @type {Record<string, (dice: Dice) => ChildFault>} */
const own = {
  'kill at the start': (dice) => ({
    tree: dice.one([chain, hostile, node]),
    ...soon(dice),
    how: { meanwhile: 'kill', signal: dice.one(['SIGTERM', 'SIGINT', 'SIGKILL']) },
  }),
  'no descriptor left': (dice) => ({
    tree: chain,
    ...soon(dice),
    // Without a descriptor Node.js leaks those of streams, and execa loses the child's error.
    start: 'ignore',
    how: { free: dice.within(0, 24) },
  }),
  'close the streams': (dice) => ({
    tree: dice.one([chain, floods, cat]),
    ...soon(dice),
    how: { meanwhile: 'close' },
  }),
  'disconnect the channel': (dice) => ({
    tree: dice.one([chain, hostile]),
    ...soon(dice),
    start: dice.one(['fork', 'ipc']),
    how: { meanwhile: 'disconnect' },
  }),
  'stop the warden, and resume it': (dice) => ({
    tree: dice.one([chain, hostile, node]),
    ...soon(dice),
    act: (root, server) => {
      toWarden('SIGSTOP')(root, server)
      setTimeout(() => toWarden('SIGCONT')(root, server), 100)
    },
  }),
  'end of a worker thread': (dice) => ({
    tree: dice.one([chain, tagged]),
    verb: 'childOfWorker',
    how: { how: dice.one(['exit', 'throw', 'terminate']) },
  }),
  release: () => ({ tree: chain, options: {}, start: 'released' }),
}

export const childKinds = [...Object.keys(faults), ...Object.keys(own)]

/**
 * Makes a fault of a kind, with a way to start the child.
 * @param {string} kind
 * @param {Dice} dice
 * @returns {ChildFault & { start: string }}
 */
export function childFault(kind, dice) {
  const any = dice.one(STARTS)
  const fault = (own[kind] ?? faults[kind])(dice)
  const start = fault.start ?? any
  // A freed process is known by its environment, which a nameless one has not.
  const isNameless = fault.tree.args.some((word) => word.includes('env -i'))
  const tree = FREE.includes(start) && isNameless ? tagged : fault.tree
  return { ...fault, tree, start, verb: fault.verb === 'childOfWorker' ? fault.verb : 'child' }
}
