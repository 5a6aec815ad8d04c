// The clients that are compared, each a process of its own that tries one server after the other.

import { fork } from 'node:child_process'
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { callsOf, oddServers } from '../../../__test__/fixtures/odd/index.mjs'
import { npmPackages } from '../support/install.mjs'
import { newMcporter, oldMcporter } from '../support/mcporters.mjs'

const SDK2 = { '@modelcontextprotocol/client': '2.4.0' }
const worker = fileURLToPath(new URL('worker.mjs', import.meta.url))
/** The time for everything beside calls, in milliseconds. */
const REST = 15_000

/** @typedef {import('./table.mjs').Cell} Cell */
/** @typedef {{ name: string, kind: string, node?: string, args?: string[] }} How */

/**
 * How each client is started; one that cannot be installed is skipped.
 * @type {Record<string, () => How | Promise<How>>}
 */
const hows = {
  'procward auto': () => ({ name: 'procward auto', kind: 'procward', args: ['auto'] }),
  'procward pool': () => ({ name: 'procward pool', kind: 'procward', args: ['pool'] }),
  'mcporter 0.9': async () => mcporter(await oldMcporter()),
  'mcporter 0.12': async () => mcporter(await newMcporter()),
  'SDK 1.x': () => ({ name: 'SDK 1.x', kind: 'sdk1' }),
  'SDK 2.x': () => sdk2('SDK 2.x', 'legacy'),
  'SDK 2.x auto': () => sdk2('SDK 2.x auto', 'auto'),
}

/** @param {import('../support/mcporters.mjs').Mcporter} mcporter @returns {How} */
const mcporter = ({ name, node, folder }) => ({ name, kind: 'mcporter', node, args: [folder] })

/** @param {string} name @param {string} mode */
async function sdk2(name, mode) {
  const place = await npmPackages('client', SDK2)
  return {
    name,
    kind: 'sdk2',
    args: [join(place, 'node_modules', '@modelcontextprotocol', 'client'), mode],
  }
}

/** @type {Promise<How[]> | undefined} */
let found

/**
 * Starts one client of each kind.
 * @param {import('../support/checks.mjs').Checks} checks
 * @param {string} place - for their files
 */
export async function startClients(checks, place) {
  found ??= findAll(checks)
  return (await found).map((how) => new Client(how, join(place, how.name.replaceAll(/\W+/g, '-'))))
}

/** @param {import('../support/checks.mjs').Checks} checks */
async function findAll(checks) {
  const all = []
  for (const [name, find] of Object.entries(hows)) {
    const how = await checks.check(`${name} is here`, find)
    if (how !== undefined) all.push(/** @type {How} */ (how))
  }
  return all
}

export class Client {
  #how
  #place
  #log
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process

  /** @param {How} how @param {string} place */
  constructor(how, place) {
    mkdirSync(join(place, 'home'), { recursive: true })
    this.#how = how
    this.#place = place
    this.#log = openSync(join(place, 'log'), 'w')
  }

  get name() {
    return this.#how.name
  }

  /**
   * Tries a server. A client that does not come to an end is killed.
   * @param {string} name
   * @param {object} definition
   * @param {number} timeout - of each call
   * @returns {Promise<Cell>}
   */
  run(name, definition, timeout) {
    const configPath = join(this.#place, 'mcporter.json')
    writeFileSync(configPath, JSON.stringify({ imports: [], mcpServers: { odd: definition } }))
    const { attempts = 1 } = oddServers[name]
    const deadline = callsOf(name).length * attempts * timeout + REST
    const child = this.#started()
    return new Promise((resolve) => {
      const settle = (/** @type {Cell} */ cell) => {
        clearTimeout(timer)
        child.off('message', settle).off('exit', died)
        resolve(cell)
      }
      const died = () => settle({ completes: false, code: 'the client died' })
      const timer = setTimeout(() => {
        this.stop()
        settle({ completes: false, code: 'the client hangs' })
      }, deadline)
      child.on('message', settle).once('exit', died)
      child.send({ name, definition, configPath, timeout })
    })
  }

  stop() {
    this.#process?.kill('SIGKILL')
    this.#process = undefined
  }

  #started() {
    if (this.#process?.exitCode === null && this.#process.signalCode === null) return this.#process
    const { kind, node = process.execPath, args = [] } = this.#how
    this.#process = fork(worker, [kind, ...args], {
      execPath: node,
      stdio: ['ignore', this.#log, this.#log, 'ipc'],
      env: { ...process.env, HOME: join(this.#place, 'home'), MCPORTER_DISABLE_AUTORUN: '1' },
    })
    return this.#process
  }
}
