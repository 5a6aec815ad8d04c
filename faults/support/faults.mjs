// What can go wrong with one call: each fault is a call of the server, and what happens to it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { below, living, read, signal } from './processes.mjs'
import { shell, trees } from './trees.mjs'

/** @typedef {import('./dice.mjs').Dice} Dice */
/**
 * - `verb`: how the server is to call it.
 * - `options`, `write`, `end`: for procward; how many bytes are written to it; whether its input is
 *   ended.
 * - `delay`, `act`: what happens to it, and when, in ms after its start.
 * - `done`: once it is over.
 * @typedef {{ tree: import('./trees.mjs').Tree, verb?: string, options?: object, write?: number,
 *   end?: boolean, delay?: number, act?: Act | 'abort', done?: () => void }} Fault
 * @typedef {(root: number, server: number) => void} Act
 */

const { chain, tagged, hostile, node, bomb, hydra, deserter } = trees
const MIB = 2 ** 20
const idle = shell('exec sleep 100000')
const deaf = shell('exec 0<&-; exec sleep 100000')
export const cat = shell('cat')
const flood = shell('yes')
export const floods = shell('yes >&2 & yes')
const block = shell(`head -c ${20 * MIB} /dev/zero; exec sleep 100000`)
const selfless = shell(`rm -rf "$PWD"; ${hostile.args[1]}`)

/**
 * Each decides at once on everything that is left to chance, so that a seed gives the same faults
 * again.
 * @type {Record<string, (dice: Dice) => Fault>}
 */
export const faults = {
  'kill child': (dice) => ({
    tree: dice.one([chain, hostile, node]),
    ...soon(dice),
    act: toMember(dice, 'SIGKILL'),
  }),
  'stop child': (dice) => ({
    tree: dice.one([chain, hostile, node]),
    ...soon(dice),
    act: toMember(dice, 'SIGSTOP'),
  }),
  // Without its warden nothing shows whose a process is that has neither a tag nor a parent.
  'kill warden': (dice) => ({
    tree: dice.one([chain, tagged, node]),
    ...soon(dice),
    act: toWarden('SIGKILL'),
  }),
  'stop warden': (dice) => ({
    tree: dice.one([chain, hostile, node]),
    ...soon(dice),
    act: toWarden('SIGSTOP'),
  }),
  'fork bomb': (dice) => ({ tree: dice.one([bomb, bomb, hydra]), ...soon(dice) }),
  'deserted processes': (dice) => ({ tree: deserter, ...soon(dice) }),
  'close stdin': (dice) => ({
    ...soon(dice),
    ...dice.one([
      { tree: deaf, write: MIB },
      { tree: cat, end: true },
    ]),
  }),
  'fill the pipe': (dice) => ({
    ...soon(dice),
    ...dice.one([{ tree: idle, write: 2 * MIB }, { tree: floods }]),
  }),
  'huge output': (dice) => ({ tree: dice.one([flood, block]), ...soon(dice), verb: 'run' }),
  'delete the working directory': deleteDirectory,
  abort: (dice) => ({ tree: dice.one([chain, hostile, node]), ...soon(dice), act: 'abort' }),
  timeout: (dice) => ({ tree: dice.one([chain, hostile, node]), ...soon(dice, 1) }),
}

/** What ends any call before long. @param {Dice} dice */
export function soon(dice, shortest = 200) {
  const options = {
    timeout: dice.within(shortest, shortest + 300),
    killGrace: dice.within(1, 200),
    maxBuffer: MIB,
  }
  return { options, delay: dice.within(0, 150) }
}

/**
 * A signal to the command or to somebody below it.
 * @param {Dice} dice
 * @param {NodeJS.Signals} name
 * @returns {Act}
 */
function toMember(dice, name) {
  const at = dice.within(0, 100)
  return (root, server) => {
    const ours = below(living(), [server])
    const members = ours.filter(({ pid }) => pid === root).concat(below(ours, [root]))
    if (members.length > 0) signal(members[at % members.length].pid, name)
  }
}

/** A signal to the warden. @param {NodeJS.Signals} name @returns {Act} */
export function toWarden(name) {
  return (root, server) => {
    const warden = read(root)?.parent
    if (warden !== undefined && read(warden)?.parent === server) signal(warden, name)
  }
}

/**
 * Before the start, in the middle, or by the command itself.
 * @param {Dice} dice
 * @returns {Fault}
 */
function deleteDirectory(dice) {
  const { options, delay } = soon(dice)
  const cwd = mkdtempSync(join(tmpdir(), 'procward-faults-'))
  const done = () => rmSync(cwd, { recursive: true, force: true })
  const when = dice.one(['before', 'meanwhile', 'by itself'])
  if (when === 'before') done()
  const tree = when === 'by itself' ? selfless : hostile
  return {
    tree,
    options: { ...options, cwd },
    delay,
    act: when === 'meanwhile' ? done : undefined,
    done,
  }
}
