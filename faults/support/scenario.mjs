// One scenario: a process of its own that prints its figures.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { namespace } from './namespace.mjs'

const INSIDE = fileURLToPath(new URL('inside.mjs', import.meta.url))
/**
 * No measurement, only an end to waiting, in ms: a scenario that hangs is killed, and its namespace
 * with it.
 */
const LIMIT = { quick: 300_000, full: 3_600_000 }

/**
 * Runs it, shows what it prints, and counts its checks.
 * @param {string} name
 * @param {{ quick: boolean, seed: string, isolated: boolean }} options
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runScenario(name, { quick, seed, isolated }) {
  const [command, ...args] = [
    ...(isolated ? namespace.way : []),
    process.execPath,
    '--expose-gc',
    INSIDE,
  ]
  const size = quick ? 'quick' : 'full'
  const child = spawn(command, [...args, name, size, seed], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = () => child.kill('SIGKILL')
  const limit = setTimeout(kill, LIMIT[size])
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, kill)

  const ended = new Promise((resolve, reject) => child.on('close', resolve).on('error', reject))
  const count = { passed: 0, failed: 0 }
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line)
    if (line.startsWith('  ok ')) count.passed++
    if (line.startsWith('  FAIL ')) count.failed++
  }
  const code = await ended
  clearTimeout(limit)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, kill)
  if (code === 0 && count.passed + count.failed > 0) return count
  console.log(
    `  FAIL the scenario came to its end (${code === null ? 'it was killed' : `exit code ${code}`})`,
  )
  return { ...count, failed: count.failed + 1 }
}
