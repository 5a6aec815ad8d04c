// Children of `procward/child_process` where the system refuses: a signal, a thread, a descriptor.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isAlive, kill, noProcessList, nothingLeft } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'
import { NOBODY } from './support/spaces.mjs'
import { until } from './support/until.mjs'

const skip = process.platform === 'linux' ? noProcessList : 'children are guarded on Linux'
const noStrace = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status !== 0
/** Runs a program that may hold few descriptors. */
const FEW = ['prlimit', '--nofile=100:100']
const countsFile = fileURLToPath(new URL('../lib/child-process/counts.js', import.meta.url))

const IMPORTS = `
  import node from 'node:child_process'
  import { once } from 'node:events'
  import { closeSync, openSync, readdirSync } from 'node:fs'
  import { getActiveProcesses } from 'procward'
  import ours from 'procward/child_process'
  import { childCounts } from ${JSON.stringify(countsFile)}
  const settled = async () => {
    while (getActiveProcesses().length > 0) await new Promise((next) => setTimeout(next, 5))
  }
`

/** Runs a program, and returns the value that the program prints. */
async function printedBy(/** @type {string} */ program, /** @type {string[]} */ wrapper = []) {
  const { code, stdout, stderr } = await outcomeOf(`${IMPORTS}${program}`, { wrapper })
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout)
}

describe('procward/child_process', { skip }, () => {
  afterEach(nothingLeft)

  test('reports a child that may not be signaled as Node.js does', async (t) => {
    if (process.getuid?.() !== 0) return t.skip('needs root, to make a program for root')
    const folder = mkdtempSync(join(tmpdir(), 'procward-root-'))
    t.after(() => rmSync(folder, { recursive: true }))
    chmodSync(folder, 0o755)
    const file = join(folder, 'setpriv')
    copyFileSync(spawnSync('which', ['setpriv'], { encoding: 'utf8' }).stdout.trim(), file)
    chmodSync(file, 0o4755)
    const args = [...['--reuid=0', '--regid=0', '--clear-groups'], 'sh', '-c']
    const results = []
    for (const module of ['node', 'ours']) {
      const { pid, ...result } = await printedBy(
        `const args = ${JSON.stringify([...args, 'id -u; exec sleep 1000'])}
        const child = ${module}.spawn(${JSON.stringify(file)}, args)
        const errors = []
        child.on('error', ({ code, syscall }) => errors.push({ code, syscall }))
        const user = String(await once(child.stdout, 'data')).trim()
        const taken = [child.kill(), child.kill('SIGKILL'), child.kill(0)]
        console.log(JSON.stringify({ pid: child.pid, user, taken, killed: child.killed, errors }))
        process.exit()`,
        NOBODY,
      )
      kill(pid)
      await until(() => !isAlive(pid))
      results.push(result)
    }
    const error = { code: 'EPERM', syscall: 'kill' }
    const expected = { taken: [false, false, false], killed: false, errors: [error, error, error] }
    assert.deepEqual(results, Array(2).fill({ user: '0', ...expected }))
  })

  for (const [what, first] of [
    ['no thread', 1],
    ['no second thread', 2],
  ])
    test(`lets Node.js start the child where the system gives ${what}`, {
      skip: noStrace && 'needs strace, and the permission to trace',
    }, async () => {
      const counts = await printedBy(`
        const inject = 'inject=clone3:error=EAGAIN:when=${first}+'
        const args = ['-p', process.pid, '-o', '/dev/null', '-e', inject]
        const strace = node.spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] })
        await once(strace.stderr, 'data')
        const outcomes = [await once(ours.spawn('true'), 'exit')]
        strace.kill('SIGINT')
        await once(strace, 'close')
        outcomes.push(await once(ours.spawn('true'), 'exit'))
        await settled()
        const { guarded, unguarded } = childCounts()
        console.log(JSON.stringify({ outcomes, guarded, errors: unguarded.error }))`)
      const success = [0, null]
      assert.deepEqual(counts, { outcomes: [success, success], guarded: 1, errors: 1 })
    })

  test('holds no descriptor of an exited child that the program keeps', async () => {
    const { before, after, kept } = await printedBy(`
      const open = () => readdirSync('/proc/self/fd').length
      const kept = []
      const round = async (count) => {
        const children = Array.from({ length: count }, () => ours.spawn('true'))
        kept.push(...children)
        await Promise.all(children.map((child) => once(child, 'close')))
        await settled()
        return open()
      }
      const before = await round(2)
      console.log(JSON.stringify({ before, after: await round(20), kept: kept.length }))`)
    assert.equal(kept, 22)
    assert.equal(after, before)
  })

  test('starts no command twice, and leaks no more than Node.js, with few descriptors', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'procward-few-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const leaks = []
    for (const module of ['node', 'ours']) {
      const file = (/** @type {number | string} */ free) => join(folder, `${module} ${free}`)
      const program = `
        const held = []
        const fill = () => { try { for (;;) held.push(openSync('/dev/null')) } catch {} }
        const open = () => readdirSync('/proc/self/fd').length
        const run = (free) => ${module}.spawn('sh', ['-c', 'echo >> "$0"', ${JSON.stringify(file(''))} + free])
        const outcomeOf = (child) => new Promise((resolve) =>
          child.on('close', resolve).on('error', ({ code }) => resolve(code)))
        await outcomeOf(run('first'))
        await settled()
        const before = open()
        const outcomes = []
        for (let free = 0; free <= 30; free++) {
          fill()
          held.splice(0, free).forEach(closeSync)
          const child = run(free)
          held.splice(0).forEach(closeSync)
          outcomes.push(await outcomeOf(child))
        }
        await settled()
        console.log(JSON.stringify({ outcomes, leaked: open() - before, ...childCounts() }))`
      const { outcomes, leaked, guarded } = await printedBy(program, FEW)
      const runs = outcomes.map((/** @type {unknown} */ _, /** @type {number} */ free) =>
        existsSync(file(free)) ? readFileSync(file(free), 'utf8').length : 0,
      )
      const expected = outcomes.map((/** @type {unknown} */ outcome) => (outcome === 0 ? 1 : 0))
      assert.deepEqual(runs, expected, JSON.stringify(outcomes))
      assert.ok(outcomes.includes('EMFILE'), JSON.stringify(outcomes))
      assert.equal(guarded > 1, module === 'ours')
      leaks.push(leaked)
    }
    assert.equal(leaks[1], leaks[0])
  })

  for (const [what, call, guarded] of [
    ['whose warden is late before the start', 'signalfd4:delay_enter', 0],
    ['whose warden is late after the start', 'clone:delay_exit', 1],
  ])
    test(`starts a command once ${what}`, {
      skip: noStrace && 'needs strace, and the permission to trace',
    }, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'procward-once-'))
      t.after(() => rmSync(folder, { recursive: true }))
      const file = join(folder, 'runs')
      const trace = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `inject=${call}=600000`]
      const counts = await printedBy(
        `const child = ours.spawn('sh', ['-c', 'echo >> "$0"', ${JSON.stringify(file)}])
        const status = await once(child, 'exit')
        await settled()
        const { guarded, unguarded } = childCounts()
        console.log(JSON.stringify({ status, guarded, late: unguarded.warden }))`,
        trace,
      )
      assert.deepEqual(counts, { status: [0, null], guarded, late: 1 - Number(guarded) })
      assert.equal(readFileSync(file, 'utf8'), '\n')
    })
})
