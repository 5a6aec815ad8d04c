'use strict'

// What the children of the tests that have children of their own run: see programs.cjs.

const assert = require('node:assert/strict')
const { closeSync, openSync } = require('node:fs')

const programs = require.resolve('./programs.cjs')
const argument = process.argv[3]
/** The module under test. */
const underTest = () => import('./module.mjs').then(({ default: cp }) => cp)

module.exports = {
  /** Starts a chain of processes. Each waits for the next, and the last writes. */
  async chain() {
    const { spawn } = await underTest()
    const left = Number(argument)
    if (left === 0) return process.stdout.write('last')
    const stdio = ['ignore', 'pipe', 'ignore']
    const child = spawn(process.execPath, [programs, 'chain', `${left - 1}`], { stdio })
    assert.equal(child.stdin, null)
    assert.equal(child.stderr, null)
    child.stdout.pipe(process.stdout)
    child.on('exit', (code) => {
      process.exitCode = code
    })
  },

  /** Spawns a process, and exits with that process's code. */
  async spawnNothing() {
    const { spawn } = await underTest()
    spawn(process.execPath, [programs, 'nothing']).on('exit', (code) => process.exit(code))
  },

  async forkExecArgv() {
    const { fork } = await underTest()
    fork(programs, ['writeExecArgv'])
  },

  writeExecArgv() {
    process.stdout.write(JSON.stringify(process.execArgv), () => process.exit())
  },

  /** Leaves a detached process behind, writes that process's pid, and ends. */
  async leaveDetached() {
    const cp = await underTest()
    const options = { detached: true, stdio: 'ignore' }
    const child = cp.spawn(process.execPath, [programs, 'forever'], options)
    child.unref()
    process.stdout.write(`${child.pid}`)
  },

  /** Leaves a detached fork behind, writes that fork's pid, and stays until a signal. */
  async leaveDetachedFork() {
    const { fork } = await underTest()
    const child = fork(programs, ['forever'], { detached: true, silent: true })
    child.unref()
    process.stdout.write(`${child.pid}`)
  },

  /** Exits at once. A process that has the same stdio stays until the end of stdin. */
  leaveHolder() {
    // Node.js's own module: a guarded child would end with this process.
    const { spawn } = require('node:child_process')
    spawn(process.execPath, [programs, 'countInput'], { stdio: 'inherit' }).unref()
  },

  /** Spawns when all descriptors are in use. */
  async spawnWithoutDescriptors() {
    const { spawn } = await underTest()
    const descriptors = []
    try {
      for (;;) descriptors.push(openSync(__filename))
    } catch ({ code }) {
      assert.equal(code, 'EMFILE')
    }
    const events = []
    const child = spawn(process.execPath, [programs, 'nothing'])
    child.on('exit', () => events.push('exit'))
    child.on('error', ({ code }) => events.push(code))
    setTimeout(() => {
      for (const descriptor of descriptors) closeSync(descriptor)
      process.stdout.write(events.join())
    }, 100)
  },
}
