// A C program that starts commands and waits for them, as the physical limit.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../programs/floor.c', import.meta.url))

/**
 * Compiles the program. Returns a function that runs a command `calls` times, `width` at a time,
 * and returns the calls a second.
 */
export function floor() {
  const folder = mkdtempSync(join(tmpdir(), 'procward-floor-'))
  process.once('exit', () => rmSync(folder, { recursive: true }))
  const program = join(folder, 'floor')
  execFileSync('cc', ['-O2', '-o', program, source], { stdio: 'inherit' })
  /** @param {number} calls @param {number} width @param {...string} command */
  return (calls, width, ...command) =>
    Number(execFileSync(program, [String(calls), String(width), ...command], { encoding: 'utf8' }))
}
