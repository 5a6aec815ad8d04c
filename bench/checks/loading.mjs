// What `require('procward')` loads and takes.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = fileURLToPath(new URL('../programs/loaded.cjs', import.meta.url))
const ROUNDS = 10

export async function checks() {
  const cpu = { loaded: Infinity, nothing: Infinity }
  let loaded
  for (let round = 0; round < ROUNDS; round++) {
    loaded = await output(root)
    cpu.loaded = Math.min(cpu.loaded, total(loaded))
    cpu.nothing = Math.min(cpu.nothing, total(await output()))
  }
  return [
    { what: "files that require('procward') loads", is: loaded.files, most: 20 },
    { what: "Node.js's crypto, which it does not load", is: Number(loaded.crypto), most: 0 },
    {
      what: 'CPU of a process that loads it, times one that does not',
      is: cpu.loaded / cpu.nothing,
      most: 1.4,
    },
  ]
}

/** @param {...string} args */
async function output(...args) {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args])
  return JSON.parse(stdout)
}

/** @param {{ cpu: { user: number, system: number } }} output */
function total({ cpu: { user, system } }) {
  return user + system
}
