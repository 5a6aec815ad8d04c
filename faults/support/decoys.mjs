// Processes that are none of ours: whatever happens, they live on.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { alive, dispose, living, read } from './processes.mjs'
import { Server } from './server.mjs'
import { trees } from './trees.mjs'

const IDLE = 'setInterval(() => {}, 1e6)'
/** A tag that means nobody. */
const FOREIGN_TAG = '00000000-0000-0000-0000-000000000000.1.1:4242:1:0000000000000001:1'

/**
 * Each: a command, its arguments, its environment.
 * @type {[string, string[], Record<string, string>?][]}
 */
const COMMANDS = [
  ['sleep', ['100000']],
  ['setsid', ['sleep', '100000']],
  [process.execPath, ['-e', IDLE]],
  [process.execPath, ['--title=procward-warden', '-e', IDLE]],
  [process.execPath, ['-e', IDLE], { PROCWARD_TAG: FOREIGN_TAG }],
]

/** Starts them, another live server with trees among them. */
export async function startDecoys() {
  const children = COMMANDS.map(([command, args, env]) => {
    return spawn(command, args, { stdio: 'ignore', env: { ...process.env, ...env } })
  })
  await Promise.all(children.map((child) => once(child, 'spawn')))
  const server = new Server()
  const trees_ = await server.startTrees(trees.hostile, 2)
  const own = [...children.map(({ pid }) => Number(pid)), server.pid].map(read)
  const all = [...own.filter((process) => process !== undefined), ...trees_]
  return {
    all,
    killed: () => all.length - alive(all).length,
    end: () => dispose(living().filter(({ id }) => all.some((decoy) => decoy.id === id))),
  }
}
