import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, describe, test } from 'node:test'
import { spawn } from '../index.js'
import { node, noShell, sh } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'

const folder = mkdtempSync(join(tmpdir(), 'procward-'))
after(() => rmSync(folder, { recursive: true }))
afterEach(assertNothingLeft)

const MIB = 1024 * 1024

/** Holds up the JavaScript thread. @param {number} ms */
function nap(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/**
 * Writes lines of `length` bytes, `count` of them, and notes after each how many it could write:
 * one byte for each.
 */
function writer(length, count, notes) {
  return node(
    `const fs = require('fs')
     const [length, count, path] = process.argv.slice(1)
     const [line, notes] = [Buffer.alloc(Number(length), 'x'), fs.openSync(path, 'a')]
     line[line.length - 1] = 10
     for (let written = 0; written < count; written++) {
       for (let rest = line; rest.length > 0; ) rest = rest.subarray(fs.writeSync(1, rest))
       fs.writeSync(notes, '.')
     }`,
    `${length}`,
    `${count}`,
    notes,
  )
}

describe('a listener that is slow makes the command wait', { skip: noShell }, () => {
  for (const [length, count, ahead, every] of [
    [1000, 50_000, 4 * MIB, 100],
    [100, 100_000, 4 * MIB, 1000],
    [MIB, 200, 64 * MIB, 1],
  ])
    test(`${count} lines of ${length} bytes: at most ${ahead / MIB} MiB in transit`, async () => {
      const notes = join(folder, `${length}`)
      const child = spawn(...writer(length, count, notes))
      let heard = 0
      let most = 0
      child.on('line', (line) => {
        assert.equal(line.length, length - 1)
        if (heard++ % every > 0) return
        nap(2)
        most = Math.max(most, statSync(notes).size - heard)
      })
      const { exitCode } = await child.exited
      assert.deepEqual([exitCode, heard, statSync(notes).size], [0, count, count])
      assert.ok(most * length < ahead, `${most} lines were on their way`)
    })

  test('one that blocks for longer than killGrace still gets the last line', async () => {
    const child = spawn('seq', ['20000'], { killGrace: 1 })
    let heard = 0
    child.on('line', () => {
      heard++
      if (heard % 1000 === 1) nap(100)
    })
    const { exitCode } = await child.exited
    assert.deepEqual([exitCode, heard], [0, 20_000])
  })

  test('one that blocks during the termination still gets the last lines', async () => {
    const child = spawn(
      ...sh(`trap 'seq 5000; exit 0' TERM; echo ready; while :; do sleep 0.02; done`),
      {
        killGrace: 60_000,
      },
    )
    let heard = 0
    child.on('line', (line) => {
      heard++
      if (line === 'ready') child.kill()
      if (heard % 250 === 0) nap(50)
    })
    await assert.rejects(child.exited, { code: 'ERR_KILLED', exitCode: 0 })
    assert.equal(heard, 5001)
  })

  test('kill() terminates a command with unread lines', async () => {
    const child = spawn('yes', [], { killGrace: 20 })
    child.once('line', () => {
      child.kill()
      nap(300)
    })
    await assert.rejects(child.exited, { code: 'ERR_KILLED' })
  })
})

describe('no listener', { skip: noShell }, () => {
  test('from the start: the command runs to its end', async () => {
    const { exitCode, stdout } = await spawn('seq', ['300000']).exited
    assert.deepEqual([exitCode, stdout], [0, ''])
  })

  test('after a removal: the command runs to its end', async () => {
    const child = spawn('seq', ['300000'])
    child.once('line', () => child.removeAllListeners())
    assert.equal((await child.exited).exitCode, 0)
  })
})

describe('a listener that throws', { skip: noShell }, () => {
  test('is an uncaught exception, and the other lines are emitted if it is handled', async () => {
    const program = `
      import { spawn } from 'procward'
      process.on('uncaughtException', ({ message }) => console.log('uncaught', message))
      const child = spawn('seq', ['6'])
      const lines = []
      child.on('line', (line) => {
        lines.push(line)
        if (line === '2') throw new Error('bug')
      })
      child.on('exit', (result) => console.log(result.exitCode, ...lines))`
    const { code, stdout } = await outcomeOf(program)
    assert.deepEqual([code, stdout], [0, 'uncaught bug\n0 1 2 3 4 5 6'])
  })

  test('ends the server without a handler', async () => {
    const program = `
      import { spawn } from 'procward'
      spawn('seq', ['6']).on('line', () => { throw new Error('bug') })`
    const { code, stderr } = await outcomeOf(program)
    assert.equal(code, 1)
    assert.match(stderr, /Error: bug/)
  })
})
