// A PM2 with a home of its own, and the processes of the app that it starts.

import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isAlive } from '../../../__test__/support/processes.mjs'
import { until } from '../../../__test__/support/until.mjs'

/** No measurement, only an end to waiting. */
const timeout = 120_000
const run = promisify(execFile)

/** @typedef {{ app: number, child: number, guarded: number, port: number }} App */

export class Session {
  #home = mkdtempSync(join(tmpdir(), 'procward-pm2-'))
  #apps = join(this.#home, 'apps')
  #program
  /** @type {Set<number>} */
  #seen = new Set()

  /** @param {string} place - the folder of the packages */
  constructor(place) {
    this.#program = join(place, 'node_modules', 'pm2', 'bin', 'pm2')
    mkdirSync(this.#apps)
  }

  /** Runs a command of PM2. @param {string[]} args */
  async pm2(...args) {
    const [HOME, PM2_HOME, APPS] = [this.#home, this.#home, this.#apps]
    const env = { ...process.env, HOME, PM2_HOME, APPS, PORT: '0' }
    await run(process.execPath, [this.#program, ...args], { cwd: HOME, env, timeout })
  }

  /** Waits for new processes of the app. @param {number} count @returns {Promise<App[]>} */
  async next(count) {
    const fresh = await until(() => {
      const unseen = this.#started().filter(({ app }) => !this.#seen.has(app))
      return unseen.length >= count ? unseen : undefined
    })
    for (const { app } of fresh) this.#seen.add(app)
    const unguarded = fresh.find(({ guarded }) => guarded !== 1)
    if (unguarded) throw new Error(`the child ${unguarded.child} has no guard`)
    return fresh
  }

  /** Stops PM2, and removes its home. */
  async end() {
    await this.pm2('kill')
    rmSync(this.#home, { recursive: true, force: true })
  }

  /** @returns {App[]} */
  #started() {
    const files = readdirSync(this.#apps).map((name) => join(this.#apps, name))
    return files.map((file) => JSON.parse(readFileSync(file, 'utf8')))
  }
}

/** Waits until the processes and their children have ended. @param {App[]} apps */
export async function ended(apps) {
  await until(() => !apps.some(({ app, child }) => isAlive(app) || isAlive(child)))
}
