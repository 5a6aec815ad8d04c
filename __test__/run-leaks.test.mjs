import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { afterEach, describe, test } from 'node:test'
import { run, spawn } from '../index.js'
import { sh } from './support/commands.mjs'
import { assertNothingLeft, noProcessList, processesOfThisTest } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'

afterEach(assertNothingLeft)

const MIB = 1024 * 1024

/** Each way for a call to end, once. */
function everyEnd() {
  return Promise.allSettled([
    run('true'),
    run('false'),
    run('cat', [], { input: 'x' }),
    run('procward-no-such-command', [], { input: 'x' }),
    run('true', [], { cwd: '/nowhere' }),
    run('sleep', ['60'], { timeout: 5 }),
    run('sleep', ['60'], { signal: AbortSignal.timeout(5) }),
    run('sleep', ['60'], { signal: AbortSignal.abort(), input: 'x' }),
    run('yes', [], { maxBuffer: 1000 }),
    run('true', [], { input: Buffer.alloc(100_000) }),
    run(...sh('sleep 60 & (setsid sleep 60 &) ; exec sleep 60'), { timeout: 20 }),
    spawn('sleep', ['60']).kill(),
    spawn('seq', ['3']).exited,
    ending(spawn('cat', [], { input: 'x' })),
  ])
}

/** @param {import('../index.js').TrackedProcess} child */
async function ending(child) {
  await child.end()
  return child.exited
}

const descriptors = () => readdirSync('/proc/self/fd').length

describe('nothing leaks', { skip: noProcessList }, () => {
  test('no descriptor and no zombie after 300 calls of all kinds', async () => {
    await everyEnd()
    const before = descriptors()
    for (let round = 0; round < 20; round++) await everyEnd()
    assert.equal(descriptors(), before)
    assert.deepEqual(processesOfThisTest(), [])
  })

  test('no descriptor after 300 calls of one kind, three at a time', async () => {
    const before = descriptors()
    for (let round = 0; round < 100; round++)
      await Promise.all([run('true'), run('false', [], { reject: false }), run('echo', ['x'])])
    assert.equal(descriptors(), before)
  })

  test('no memory over 2,000 calls: less than one kept object for each', async () => {
    // The first calls fill what is kept on purpose: thread stacks, allocator arenas, compiled code.
    for (let round = 0; round < 100; round++)
      await Promise.all(Array.from({ length: 5 }, () => run('true')))
    const before = process.memoryUsage().rss
    for (let round = 0; round < 400; round++)
      await Promise.all(Array.from({ length: 5 }, () => run('true')))
    const grown = process.memoryUsage().rss - before
    assert.ok(grown < 20 * MIB, `grew by ${Math.round(grown / 2000)} bytes a call`)
  })
})

describe('when the server has no descriptor left', { skip: noProcessList }, () => {
  const withFewDescriptors = { wrapper: ['/bin/sh', '-c', 'ulimit -n 100; exec "$@"', 'sh'] }

  test('a call is refused with ERR_SPAWN and leaves nothing, and a later call works', async () => {
    const program = `
      import { closeSync, openSync } from 'node:fs'
      import { getActiveProcesses, run } from 'procward'
      await run('true')
      const held = []
      try { for (;;) held.push(openSync('/dev/null')) } catch {}
      for (let free = 0; free < 12; free++) {
        const { code, cause, exitCode } = await run('true').catch((error) => error)
        if (exitCode !== 0 && (code !== 'ERR_SPAWN' || cause.code !== 'EMFILE')) console.log(free, code, cause)
        closeSync(held.pop())
      }
      const many = await Promise.allSettled(Array.from({ length: 100 }, () => run('sleep', ['0.1'])))
      const codes = new Set(many.map(({ reason }) => reason?.cause.code ?? 'fine'))
      held.forEach(closeSync)
      console.log([...codes].sort().join(), getActiveProcesses().length, (await run('echo', ['works'])).stdout)`
    assert.deepEqual(await outcomeOf(program, withFewDescriptors), {
      code: 0,
      signal: null,
      stdout: 'EMFILE,fine 0 works',
      stderr: '',
    })
  })

  test('a timeout still terminates running trees', async () => {
    const program = `
      import { closeSync, openSync } from 'node:fs'
      import { run, spawn } from 'procward'
      const running = [
        run('sleep', ['8'], { timeout: 500, killGrace: 50, reject: false }),
        run('/bin/sh', ['-c', 'trap "" TERM; i=0; while [ $i -lt 80 ]; do i=$((i+1)); sleep 0.1; done'], { timeout: 500, killGrace: 50, reject: false }),
        run('/bin/sh', ['-c', 'sleep 8 & exec sleep 8'], { timeout: 500, killGrace: 50, reject: false }),
      ]
      await run('true')
      const held = []
      try { for (;;) held.push(openSync('/dev/null')) } catch {}
      for (const { exitCode, signal } of await Promise.all(running)) console.log(exitCode, signal)
      held.forEach(closeSync)`
    const { code, stdout } = await outcomeOf(program, withFewDescriptors)
    assert.equal(code, 0)
    assert.match(stdout, /^null SIG(TERM|KILL)\nnull SIGKILL\nnull SIG(TERM|KILL)$/)
  })
})
