'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const readline = require('node:readline')
const { setTimeout: sleep } = require('node:timers/promises')

const SERVER = path.join(__dirname, '../server.js')
const IS_WINDOWS = process.platform === 'win32'
/** How long the server may take to be ready, and to stop, in ms. */
const START_TIMEOUT = 20_000
const STOP_TIMEOUT = 5000

/** The Ad Ops server, as a process of its own on a free port. */
class ServerProcess {
  /** @param {Record<string, string>} [env] beside this process's own */
  static async start(env = {}) {
    // In a process group of its own, so that Ctrl-C at the terminal reaches the server once:
    // through stop().
    const child = spawn(process.execPath, [SERVER], {
      env: { ...process.env, PORT: '0', ...env },
      detached: !IS_WINDOWS,
      stdio: IS_WINDOWS ? ['ignore', 'pipe', 'inherit', 'ipc'] : ['ignore', 'pipe', 'inherit'],
    })
    const server = new ServerProcess(child)
    try {
      await server.#ready()
    } catch (error) {
      await server.stop()
      throw error
    }
    return server
  }

  /** @type {string[]} what the server printed */
  output = []
  url = ''
  #child
  #exited
  #killOnExit = () => this.kill('SIGTERM')

  constructor(child) {
    this.#child = child
    this.#exited = once(child, 'exit')
    process.once('exit', this.#killOnExit)
    this.#exited.then(() => process.off('exit', this.#killOnExit))
    readline.createInterface({ input: child.stdout }).on('line', (line) => {
      this.output.push(line)
      this.url ||= /listening on (http:\S+)/.exec(line)?.[1] ?? ''
    })
  }

  get pid() {
    return this.#child.pid
  }

  /** @param {'SIGTERM' | 'SIGINT' | 'SIGKILL'} signal */
  kill(signal) {
    if (IS_WINDOWS && signal !== 'SIGKILL' && this.#child.connected) this.#child.send('shutdown')
    else this.#child.kill(signal)
  }

  /**
   * Asks the server to stop; one that has not after 5 seconds is killed.
   * @param {'SIGTERM' | 'SIGINT'} [signal]
   * @returns {Promise<{ code: number | null, signal: string | null }>} how it ended
   */
  async stop(signal = 'SIGTERM') {
    this.kill(signal)
    const impatience = setTimeout(() => this.kill('SIGKILL'), STOP_TIMEOUT)
    const [code, endedBy] = await this.#exited
    clearTimeout(impatience)
    return { code, signal: endedBy }
  }

  async #ready() {
    const deadline = Date.now() + START_TIMEOUT
    while (this.#child.exitCode === null && this.#child.signalCode === null) {
      if (this.url !== '' && (await fetch(`${this.url}/api/health/ready`)).ok) return
      if (Date.now() > deadline)
        throw new Error(`The server was not ready after ${START_TIMEOUT} ms`)
      await sleep(50)
    }
    throw new Error('The server ended before it was ready')
  }
}

module.exports = { ServerProcess }
