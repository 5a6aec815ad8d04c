// Trees for the tests that need Windows, or wine: see scripts/long/platforms.mjs.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kill } from './processes.mjs'
import { until } from './until.mjs'

/** For a test's `skip`. */
export const noWindows = process.platform === 'win32' ? false : 'needs Windows'

const CHAIN = fileURLToPath(new URL('../fixtures/chain.cjs', import.meta.url))

/**
 * Returns a folder for the pids of a test's processes. Those that still run after the test are
 * killed.
 */
export function pidFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), 'procward-'))
  const pids = () => readdirSync(folder).filter((name) => name.endsWith('.pid'))
  const pidOf = (name) => Number(readFileSync(join(folder, name), 'utf8'))
  t.after(async () => {
    for (const pid of pids().map(pidOf)) if (isAlive(pid)) kill(pid)
    await until(() => !pids().map(pidOf).some(isAlive))
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  })
  return {
    folder,
    /** The pids of all that have told theirs, once there are so many. */
    async all(count) {
      await until(() => pids().length === count)
      return pids().map(pidOf)
    },
    pidOf: (name) => pidOf(`${name}.pid`),
  }
}

/**
 * A command and its arguments: a chain of processes that each start the next, detached.
 * @param {{ folder: string }} pids
 * @param {string} name
 * @param {number} length
 * @param {'stays' | 'leaves' | 'obeys'} first how the first one ends: not by itself, at once when
 *   all have started, or with its input
 * @returns {[string, string[]]}
 */
export function chain({ folder }, name, length, first = 'stays') {
  return [process.execPath, [CHAIN, folder, name, String(length), first]]
}

/** The same, started by a batch file as npm writes them. @returns {string} the batch file */
export function batch({ folder }, name) {
  const file = join(folder, `${name}.cmd`)
  writeFileSync(file, `@echo off\r\n"${process.execPath}" %*\r\n`)
  return file
}

/** Whether the process runs. @param {number} pid */
export function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
