import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { outcomeOf } from './support/program.mjs'

const TRACED = 'clone,clone3,fork,vfork'

/** Why system calls can't be watched here, or `false`. */
function noStrace() {
  if (process.platform !== 'linux') return 'needs Linux'
  const { error, status } = spawnSync('strace', ['-f', '-e', `trace=${TRACED}`, 'true'])
  if (error) return 'needs strace'
  return status === 0 ? false : 'needs the permission to trace'
}

/** How a program made its processes: the calls of clone() and the like that made no thread. */
async function processCalls(t, program) {
  const folder = await mkdtemp(join(tmpdir(), 'procward-'))
  t.after(() => rm(folder, { recursive: true }))
  const log = join(folder, 'log')
  const wrapper = ['strace', '-f', '-qq', '-o', log, '-e', `trace=${TRACED}`, '-e', 'signal=none']
  const { code, stderr } = await outcomeOf(program, { wrapper })
  assert.deepEqual([code, stderr], [0, ''])
  /** Calls that strace interrupted to print another's, by calling process. */
  const unfinished = new Map()
  const made = []
  for (const line of (await readFile(log, 'utf8')).split('\n')) {
    const caller = line.split(' ', 1)[0]
    const call = / resumed>/.test(line) ? unfinished.get(caller) : { caller, line }
    if (line.includes('<unfinished')) unfinished.set(caller, call)
    if (!call || call.line.includes('CLONE_THREAD') || !/\b(clone3?|v?fork)\(/.test(call.line))
      continue
    if (call.line === line) made.push(call)
    call.child = line.match(/= (\d+)$/)?.[1]
  }
  // What a warden does in its own small process is its own affair.
  const children = new Set(made.map(({ child }) => child))
  return made.filter(({ caller }) => !children.has(caller)).map(({ line }) => line)
}

// Node.js's own spawn forks: with a large heap of Buffers that holds up the event loop for tens of
// milliseconds.
describe('children start by posix_spawn, never by fork', { skip: noStrace() }, () => {
  const calls = [
    `run('/bin/true')`,
    `run('true')`,
    `run('true', [], { cwd: '/' })`,
    `run('./true', [], { cwd: '/bin' })`,
    `run('true', [], { env: { A: '1', PATH: '/usr/bin:/bin' } })`,
    `run('true', [], { cwd: '/', env: { A: '1' }, input: 'x', timeout: 60_000, signal: new AbortController().signal })`,
    `spawn('true', ['a'], { cwd: '/', env: { A: '1' }, encoding: 'buffer' }).exited`,
  ]

  test('by path, by name, by relative path, with a working directory, with an environment, with everything', async (t) => {
    const program = calls.map((call) => `await ${call}`).join('\n')
    const made = await processCalls(t, `import { run, spawn } from 'procward'\n${program}`)
    assert.equal(made.length, calls.length, made.join('\n'))
    for (const [at, line] of made.entries()) assert.match(line, /CLONE_VM\|CLONE_VFORK/, calls[at])
  })

  test('and the test would detect a fork', async (t) => {
    const made = await processCalls(
      t,
      `import { execFileSync } from 'node:child_process'; execFileSync('true')`,
    )
    assert.equal(made.length, 1)
    assert.doesNotMatch(made[0], /CLONE_VFORK/)
  })
})
