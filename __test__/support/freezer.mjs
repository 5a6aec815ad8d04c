// Processes that cannot die: frozen by a control group (v1), as `docker pause` did, in which
// SIGKILL waits for the thaw.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './until.mjs'

export class Freezer {
  #mount = mkdtempSync(join(tmpdir(), 'procward-freezer-'))
  #folder = join(this.#mount, `procward-${process.pid}`)

  /**
   * Throws where there is none. Ended after the test.
   * @param {import('node:test').TestContext} t
   */
  constructor(t) {
    try {
      execFileSync('mount', ['-t', 'cgroup', '-o', 'freezer', 'none', this.#mount], {
        stdio: 'pipe',
      })
    } catch (error) {
      rmdirSync(this.#mount)
      throw error
    }
    t.after(() => this.#end())
    mkdirSync(this.#folder)
  }

  /** @param {number | string} pid */
  async freeze(pid) {
    writeFileSync(join(this.#folder, 'cgroup.procs'), String(pid))
    writeFileSync(join(this.#folder, 'freezer.state'), 'FROZEN')
    await until(() => this.#read('freezer.state') === 'FROZEN')
  }

  thaw() {
    writeFileSync(join(this.#folder, 'freezer.state'), 'THAWED')
  }

  async #end() {
    this.thaw()
    await until(() => this.#read('cgroup.procs') === '')
    rmdirSync(this.#folder)
    execFileSync('umount', ['--lazy', this.#mount])
    rmdirSync(this.#mount)
  }

  /** @param {string} file */
  #read(file) {
    return readFileSync(join(this.#folder, file), 'utf8').trim()
  }
}

/** One, or `undefined` for a test that is skipped. @param {import('node:test').TestContext} t */
export function freezerFor(t) {
  try {
    return new Freezer(t)
  } catch (error) {
    t.skip(
      `a freezer (control group v1) cannot be had here: ${String(error).trim().split('\n').at(-1)}`,
    )
  }
}
