// The processes of a run, and the outside witness's notes about them.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const caller = fileURLToPath(new URL('caller.mjs', import.meta.url))

export const now = () => Number(process.hrtime.bigint()) / 1e6

/** @typedef {{ child: import('node:child_process').ChildProcess, name: string, log: string,
 *   killed?: number, stops: { from: number, to: number }[] }} Member */

export class Processes {
  #folder = mkdtempSync(join(tmpdir(), 'procward-fleet-'))
  #settings
  /** @type {Member[]} */
  #all = []
  #exits = []

  /** @param {object} settings of each caller */
  constructor(settings) {
    this.#settings = settings
  }

  /** @param {object} [more] settings of this one */
  add(more) {
    const name = `log-${this.#all.length}`
    const log = join(this.#folder, name)
    const settings = JSON.stringify({ ...this.#settings, ...more, log })
    const child = spawn(process.execPath, [caller, settings], { stdio: 'inherit' })
    const member = { child, name, log, stops: [] }
    this.#all.push(member)
    this.#exits.push(once(child, 'exit'))
    return member
  }

  /** Returns the one that was added first. */
  first() {
    return this.#all[0]
  }

  /** Returns one of those that run. */
  any() {
    const running = this.#all.filter(({ killed, child }) => !killed && child.exitCode === null)
    return running[Math.floor(Math.random() * running.length)]
  }

  /** Kills one, and notes the time before. @param {Member} member */
  kill(member) {
    member.killed = now()
    member.child.kill('SIGKILL')
  }

  /** Stops one for a while. @param {Member} member @param {number} ms */
  async stop(member, ms) {
    member.child.kill('SIGSTOP')
    const from = now()
    await sleep(ms)
    const to = now()
    member.stops.push({ from, to })
    member.child.kill('SIGCONT')
  }

  /** Waits for the end of all. @param {number} ms - the longest wait */
  async ended(ms) {
    const late = sleep(ms, 'late', { ref: false })
    if ((await Promise.race([Promise.all(this.#exits), late])) === 'late') {
      const stuck = this.#all.filter(({ child }) => child.exitCode === null && !child.killed)
      throw new Error(`${stuck.length} processes did not end`)
    }
    const failed = this.#all.find(({ killed, child }) => !killed && child.exitCode !== 0)
    if (failed) throw new Error(`a process ended with ${failed.child.exitCode}`)
  }

  /** @returns {import('./figures.mjs').Log[]} */
  logs() {
    return this.#all.map(({ name, log, killed, stops }) => {
      // One that was killed at once has none.
      return { name, text: existsSync(log) ? readFileSync(log, 'utf8') : '', killed, stops }
    })
  }

  async remove() {
    for (const { child } of this.#all) child.kill('SIGKILL')
    await Promise.all(this.#exits)
    rmSync(this.#folder, { recursive: true })
  }
}
