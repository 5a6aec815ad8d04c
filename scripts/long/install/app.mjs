// An app of a user: a folder into which tarballs are installed, and programs that use them.

import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../../steps.mjs'

const SURROUNDINGS = `
const { networkInterfaces } = require('node:os')
const { spawnSync } = require('node:child_process')
const found = ['cargo', 'rustc'].filter((name) => !spawnSync(name, ['--version']).error)
console.log(JSON.stringify({ version: process.versions.node, found, networks: Object.keys(networkInterfaces()) }))
`

const REFUSED = `
try { require('procward') } catch (error) { console.log(error.code, error.reason, error.message) }
`

const LOADED = `
const { relative, sep } = require('node:path')
require('procward')
const addons = Object.keys(require.cache).filter((file) => file.endsWith('.node'))
console.log(addons.map((file) => relative(__dirname, file).split(sep).join('/')).join())
`

const CALL = `
const { createMcpHelper } = require('procward/mcp-helper')
const { shutdown } = require('procward')
const configPath = require('node:path').join(__dirname, 'examples/ad-ops/config/mcporter.json')
const { callToolAsync } = createMcpHelper({ configPath })
callToolAsync('everything', 'echo', { message: 'from an app' })
  .then((result) => console.log(JSON.stringify(result)))
  .finally(shutdown)
`

export class App {
  #node
  #folder
  #alone
  #app = ''

  /**
   * @param {string} node its program
   * @param {string} folder
   * @param {ReturnType<typeof import('./alone.mjs').alone>} alone
   */
  constructor(node, folder, alone) {
    this.#node = node
    this.#folder = folder
    this.#alone = alone
  }

  /** Checks that there is this Node.js, no network and no Rust. @param {string} version */
  surroundings(version) {
    this.#app = join(this.#folder, 'surroundings')
    mkdirSync(this.#app, { recursive: true })
    const found = JSON.parse(this.#program('surroundings.js', SURROUNDINGS))
    if (!found.version.startsWith(version)) throw new Error(`it is Node.js ${found.version}`)
    if (found.found.length > 0) throw new Error(`there is ${found.found}`)
    if (this.#alone.hasNoNetwork && found.networks.length > 0)
      throw new Error(`there is a network: ${found.networks}`)
    return this
  }

  /**
   * Installs tarballs into an empty app; returns the app.
   * @param {string[]} tarballs
   * @param {string} name of the app
   */
  install(tarballs, name) {
    const installed = new App(this.#node, this.#folder, this.#alone)
    installed.#app = join(this.#folder, name)
    mkdirSync(installed.#app, { recursive: true })
    writeFileSync(join(installed.#app, 'package.json'), '{"private":true}')
    const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error']
    installed.#run(npmProgram(), 'install', '--offline', ...quiet, ...tarballs)
    return installed
  }

  /** Checks that procward names the missing package. @param {string} target */
  refuses(target) {
    const text = this.#program('refused.js', REFUSED)
    const expected = `the optional package procward-${target} is not installed`
    if (!text.startsWith('ERR_NATIVE_ADDON missing') || !text.includes(expected))
      throw new Error(text || 'procward loads')
    return this
  }

  /** Checks which addon procward loads. @param {string} target */
  loads(target) {
    const file = this.#program('loaded.js', LOADED).trim()
    const expected = `node_modules/procward-${target}/procward.${target}.node`
    if (file !== expected) throw new Error(`it loads ${file}`)
  }

  /** Runs the seed's test script, in a copy of the example. */
  seedTest() {
    const place = join(this.#app, 'examples', 'ad-ops')
    cpSync(join(root, 'examples', 'ad-ops'), place, { recursive: true })
    const text = this.#run(join(place, 'test-process-manager.js'))
    if (!text.includes('All tests passed!')) throw new Error(text)
  }

  /** Calls a tool of a real server. */
  mcpCall() {
    const text = this.#program('call.js', CALL)
    if (!/Echo: from an app/.test(text)) throw new Error(text)
  }

  /** @param {string} name @param {string} text of the program */
  #program(name, text) {
    writeFileSync(join(this.#app, name), text)
    return this.#run(join(this.#app, name))
  }

  /** @param {string[]} args of Node.js; returns the output */
  #run(...args) {
    const path = [dirname(this.#node)]
    const place = { cwd: this.#app, home: this.#folder, path }
    const { status, stdout, stderr } = this.#alone.run([this.#node, ...args], place)
    if (status !== 0) throw new Error(`${args[0]}: ${status}\n${stdout}${stderr}`)
    return stdout
  }
}

/** The file of the npm beside this Node.js. */
function npmProgram() {
  const folder = dirname(process.execPath)
  const places = [join(folder, '..', 'lib', 'node_modules'), join(folder, 'node_modules')]
  const files = places.map((place) => join(place, 'npm', 'bin', 'npm-cli.js'))
  const found = files.find((file) => existsSync(file))
  if (found === undefined) throw new Error('there is no npm beside this Node.js')
  return found
}
