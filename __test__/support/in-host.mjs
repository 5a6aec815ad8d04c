// Programs in hosts of their own, as seen from a host where all processes can be seen.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { cannotMake, hosts, LASTS } from '../../faults/support/hosts.mjs'
import { isAlive } from './processes.mjs'
import { outcomeOf } from './program.mjs'
import { until } from './until.mjs'

const cwd = fileURLToPath(new URL('../..', import.meta.url))

/**
 * What a program prints as JSON that runs in a host; the test is skipped, with the reason, where
 * that cannot be made.
 * @param {import('node:test').TestContext} t
 * @param {keyof typeof hosts} host
 * @param {string} program
 */
export async function answerIn(t, host, program) {
  const { code, stdout, stderr } = await outcomeOf(program, { wrapper: hosts[host] })
  if (code !== 0) {
    const reason = cannotMake(hosts[host])
    if (reason !== undefined) return t.skip(`the host cannot be made here: ${reason}`)
  }
  assert.equal(code, 0, `${stdout}\n${stderr}`)
  return JSON.parse(stdout.split('\n').at(-1) ?? '')
}

/**
 * A server in a host, which has said that it is up. Gone after the test.
 * @param {import('node:test').TestContext} t
 * @param {keyof typeof hosts} host
 * @param {string} program says `up`
 * @returns {Promise<{ lines: string[], kill(): void } | undefined>} `kill` ends the server alone;
 *   `undefined` for a skipped test
 */
export async function serverIn(t, host, program) {
  const reason = cannotMake(hosts[host])
  if (reason !== undefined) return t.skip(`the host cannot be made here: ${reason}`)
  const [command, ...args] = [
    ...hosts[host],
    process.execPath,
    '--input-type=module',
    '--eval',
    program,
  ]
  const env = { ...process.env, [LASTS]: '1' }
  const started = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => started.kill('SIGKILL'))
  /** @type {string[]} */
  const lines = []
  createInterface({ input: started.stdout }).on('line', (line) => lines.push(line))
  await until(() => lines.includes('up') || started.exitCode !== null)
  assert.equal(started.exitCode, null, lines.join('\n'))
  const [server] = withArgument(program).filter(
    (pid) => readlinkSync(`/proc/${pid}/exe`) === process.execPath,
  )
  return { lines, kill: () => process.kill(server, 'SIGKILL') }
}

/**
 * The pids of those that have this among their arguments, zombies left out.
 * @param {string} argument
 */
export function withArgument(argument) {
  const pids = readdirSync('/proc').map(Number).filter(Boolean)
  return pids.filter((pid) => isAlive(pid) && commandLine(pid).includes(argument))
}

/** @param {number} pid */
function commandLine(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}
