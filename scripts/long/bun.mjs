// Loads procward in Bun, from npm's packages of Bun, and uses all parts of it there: limits, calls,
// a real MCP server, cleanup, the end of a server. The programs are those of scripts/long/bun. The
// addon has to be built.

import { execFile, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { isAlive, kill, noProcessList } from '../../__test__/support/processes.mjs'
import { until } from '../../__test__/support/until.mjs'
import { root } from '../steps.mjs'
import { Checks, Skip } from './support/checks.mjs'
import { folder, npmPackages } from './support/install.mjs'

const VERSION = '1.4.5'
/** The time that a program may take, in ms; no measurement, only an end to waiting. */
const timeout = 120_000
const SERVER = new URL(
  'dist/index.js',
  import.meta.resolve('@modelcontextprotocol/server-everything/package.json'),
)

const checks = new Checks()
const program = await checks.check(`Bun ${VERSION} runs here`, bunProgram)
const used = {
  semaphore: 'a semaphore gives out its slots in order',
  run: 'run() gives results, failures, timeouts and aborts',
  spawn: 'spawn() streams lines both ways',
  mcp: 'a real MCP server over stdio answers twenty calls at once',
  cleanup: 'the scanner finds a forgotten child, and terminates it only when told to',
}
for (const [name, what] of Object.entries(used))
  await checks.check(`${what}; Bun exits by itself`, () => runs(name), program ?? false)
const ends = {
  'process.exit() leaves no child': 'exit',
  'an uncaught exception leaves no child': 'throw',
  'SIGKILL leaves no child': 'SIGKILL',
}
for (const [what, how] of Object.entries(ends))
  await checks.check(what, () => leavesNothing(how), program ?? false)
checks.finish()

/** Returns Bun's program, that for older processors where the other does not run. */
async function bunProgram() {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const processor = process.arch === 'arm64' ? 'aarch64' : process.arch
  const reasons = []
  for (const variant of ['', '-baseline']) {
    const name = `@oven/bun-${system}-${processor}${variant}`
    const place = await npmPackages(`bun${variant}`, { [name]: VERSION })
    const file = process.platform === 'win32' ? 'bun.exe' : 'bun'
    const program = join(place, 'node_modules', name, 'bin', file)
    const { stdout, reason } = await outcome(program, ['--version'])
    if (stdout.trim() === VERSION) return program
    reasons.push(`${name}: ${reason}`)
  }
  throw new Skip(`no Bun runs here: ${reasons.join('; ')}`)
}

/** Runs a program in Bun, which has to exit by itself. @param {string} name */
async function runs(name) {
  const { stderr, reason } = await outcome(program, [file(name), configuration()])
  if (reason !== '' || stderr !== '') throw new Error(`${reason}\n${stderr}`.trim())
}

/** Checks that the members of trees are gone after Bun. @param {string} how */
async function leavesNothing(how) {
  if (noProcessList) throw new Skip(noProcessList)
  const bun = spawn(program, [file('trees'), how], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const exited = new Promise((resolve) => bun.once('exit', resolve))
  /** @type {number[]} */
  let pids = []
  for await (const line of createInterface({ input: bun.stdout })) {
    pids = JSON.parse(line)
    if (how === 'SIGKILL') bun.kill(how)
  }
  await exited
  if (pids.length === 0) throw new Error('it started no tree')
  try {
    await until(() => !pids.some(isAlive))
  } finally {
    for (const pid of pids) if (isAlive(pid)) kill(pid)
  }
}

/** Writes mcporter's configuration with the server; returns its file. */
function configuration() {
  mkdirSync(join(folder, 'bun'), { recursive: true })
  const path = join(folder, 'bun', 'mcporter.json')
  const everything = { command: 'node', args: [fileURLToPath(SERVER), 'stdio'] }
  writeFileSync(path, JSON.stringify({ imports: [], mcpServers: { everything } }))
  return path
}

/** @param {string} name */
function file(name) {
  return join(root, 'scripts', 'long', 'bun', `${name}.mjs`)
}

/**
 * Runs a command to its end; `reason` is empty when it exits with 0.
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<{ stdout: string, stderr: string, reason: string }>}
 */
function outcome(command, args) {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      { cwd: root, timeout, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        const how = error?.killed ? `no end within ${timeout / 1000} s` : error?.message
        resolve({ stdout, stderr, reason: how ?? '' })
      },
    )
  })
}
