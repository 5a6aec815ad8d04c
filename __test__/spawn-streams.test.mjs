import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, afterEach, describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { getActiveProcesses, spawn } from '../index.js'
import { node, noShell, sh } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { until } from './support/until.mjs'

const folder = mkdtempSync(join(tmpdir(), 'procward-'))
after(() => rmSync(folder, { recursive: true }))
afterEach(assertNothingLeft)

/** The numbers from 1 as lines. @param {number} count */
function numbers(count) {
  return Array.from({ length: count }, (_, at) => `${at + 1}`)
}

/** Adds a file's name to the folder of these tests. @param {string} name */
function file(name) {
  return join(folder, name)
}

describe('lines before the first listener', { skip: noShell }, () => {
  for (const [event, to] of [
    ['line', ''],
    ['errorLine', '>&2'],
  ])
    test(`${event}: are emitted to a late listener, in order, and those after them too`, async () => {
      const gate = file(`late-${event}`)
      const child = spawn(
        ...sh(`{ seq 3; while [ ! -e ${gate} ]; do sleep 0.02; done; echo last; } ${to}`),
      )
      await once(child, 'spawn')
      await wait(100)
      const lines = []
      child.on(event, (line) => lines.push(line))
      await until(() => lines.length === 3)
      assert.deepEqual(lines, ['1', '2', '3'])
      writeFileSync(gate, '')
      await child.exited
      assert.deepEqual(lines, ['1', '2', '3', 'last'])
    })

  test('make the command wait in a full pipe', async () => {
    const done = file('full')
    const child = spawn(...sh(`seq 100000; : > ${done}`))
    await once(child, 'spawn')
    await wait(300)
    assert.ok(!existsSync(done))
    assert.equal(getActiveProcesses().length, 1)
    const lines = []
    child.on('line', (line) => lines.push(line))
    await child.exited
    assert.deepEqual(lines, numbers(100_000))
  })

  test('are emitted after the exit, up to 64 KiB, the first ones, without a gap', async () => {
    const child = spawn('seq', ['100000'])
    await child.exited
    const lines = []
    child.on('line', (line) => lines.push(line))
    await until(() => lines.length > 0)
    assert.deepEqual(lines, numbers(lines.length))
    const bytes = lines.join('\n').length + 1
    assert.ok(bytes <= 64 * 1024 && bytes > 64 * 1024 - 8, `${bytes} bytes were kept`)
  })

  test('of a command that has exited, with nothing read before', async () => {
    const child = spawn(...sh('echo out; echo error >&2'))
    await once(child, 'spawn')
    await until(() => getActiveProcesses().length === 0)
    assert.deepEqual(await once(child, 'line'), ['out'])
    assert.deepEqual(await once(child, 'errorLine'), ['error'])
    assert.equal((await child.exited).stderr, 'error\n')
  })

  test('one at a time, with once()', async () => {
    const child = spawn('seq', ['3'])
    await child.exited
    for (const line of ['1', '2', '3']) assert.deepEqual(await once(child, 'line'), [line])
  })

  for (const [what, interest] of Object.entries({
    'exited is read': (child) => child.exited,
    "an 'exit' listener is added": (child) => once(child, 'exit'),
    'only stderr is listened to': (child) => {
      child.on('errorLine', () => {})
      return until(() => getActiveProcesses().length === 0)
    },
  }))
    test(`do not hold up a command once ${what}`, async () => {
      const child = spawn('seq', ['300000'])
      await interest(child)
      assert.equal((await child.exited).exitCode, 0)
    })

  test('do not hold up a termination: what a trap writes is taken', async () => {
    const child = spawn(
      ...sh(`trap 'seq 100000; exit 7' TERM; : > ${file('trap')}; while :; do sleep 0.02; done`),
      { timeout: 500, killGrace: 60_000 },
    )
    await once(child, 'spawn')
    await until(() => getActiveProcesses().length === 0)
    await assert.rejects(child.exited, { code: 'ERR_CALL_TIMEOUT', exitCode: 7 })
  })
})

describe('for await', { skip: noShell }, () => {
  test('gives the lines of stdout', async () => {
    const lines = []
    for await (const line of spawn('seq', ['100000'])) lines.push(line)
    assert.deepEqual(lines, numbers(100_000))
  })

  test('gives kept lines, also after the exit', async () => {
    const child = spawn('seq', ['3'])
    await child.exited
    const lines = []
    for await (const line of child) lines.push(line)
    assert.deepEqual(lines, ['1', '2', '3'])
  })

  test('throws the error of exited after the last line', async () => {
    const child = spawn(...sh('echo one; exit 3'))
    const lines = []
    const loop = async () => {
      for await (const line of child) lines.push(line)
    }
    await assert.rejects(loop(), { code: 'ERR_EXIT', exitCode: 3 })
    assert.deepEqual(lines, ['one'])
  })

  test('makes the command wait for a slow loop', async () => {
    const notes = file('slow')
    const child = spawn(
      ...node(
        `const fs = require('fs')
         const line = Buffer.alloc(10000, 'x')
         line[9999] = 10
         const notes = fs.openSync(process.argv[1], 'a')
         for (let at = 0; at < 5000; at++) {
           for (let rest = line; rest.length > 0; ) rest = rest.subarray(fs.writeSync(1, rest))
           fs.writeSync(notes, '.')
         }`,
        notes,
      ),
    )
    let read = 0
    let most = 0
    for await (const line of child) {
      assert.equal(line.length, 9999)
      if (read++ % 500 > 0) continue
      await wait(50)
      most = Math.max(most, statSync(notes).size - read)
    }
    assert.deepEqual([read, statSync(notes).size], [5000, 5000])
    assert.ok(most * 10_000 < 4 * 1024 * 1024, `${most} lines were on their way`)
  })

  test('left early: the command runs on, and its output is read', async () => {
    const child = spawn('seq', ['300000'])
    for await (const line of child) if (line === '5') break
    assert.equal(child.listenerCount('line'), 0)
    assert.equal((await child.exited).exitCode, 0)
  })

  test('left early by an error: an endless command runs on until kill()', async () => {
    const child = spawn('yes')
    const failing = async () => {
      for await (const line of child) throw new Error(line)
    }
    await assert.rejects(failing(), /^Error: y$/)
    const [line] = await once(child, 'line')
    assert.deepEqual([line, child.kill(0)], ['y', true])
    await child.kill()
    await assert.rejects(child.exited, { code: 'ERR_KILLED' })
  })

  test('begun again: has the later lines', async () => {
    const child = spawn('sh', ['-c', 'echo one; read line; echo "$line"'])
    for await (const line of child) {
      assert.equal(line, 'one')
      break
    }
    // Lines that come while nobody iterates are not kept.
    const again = child[Symbol.asyncIterator]()
    const later = again.next()
    await child.end('two\n')
    assert.deepEqual(await later, { value: 'two', done: false })
    assert.equal((await again.next()).done, true)
  })
})

describe('stdin as a stream', { skip: noShell }, () => {
  test('takes a pipeline of 20 MB, and ends', async () => {
    const child = spawn('wc', ['-c'])
    const chunk = Buffer.alloc(100_000, 'x')
    await pipeline(Readable.from(Array.from({ length: 200 }, () => chunk)), child.stdin)
    assert.deepEqual(await once(child, 'line'), ['20000000'])
    await child.exited
    assert.equal(child.stdin, child.stdin)
  })

  test('has back-pressure: one chunk at most is in transit while the command does not read', async () => {
    const child = spawn('sleep', ['60'])
    let given = 0
    const chunks = async function* () {
      for (;;) {
        given++
        yield Buffer.alloc(1_000_000)
      }
    }
    const feeding = assert.rejects(
      pipeline(Readable.from(chunks(), { highWaterMark: 1 }), child.stdin),
    )
    await once(child, 'spawn')
    await wait(200)
    assert.ok(given > 0 && given < 5, `${given} MB were taken`)
    await child.kill()
    await feeding
    assert.ok(child.stdin.destroyed)
  })

  test('fails when the command has closed its input', async () => {
    const child = spawn(...sh('exec <&-; echo closed; while :; do sleep 0.05; done'))
    await once(child, 'line')
    const failed = once(child.stdin, 'error')
    child.stdin.write('x')
    assert.equal((await failed)[0].code, 'ERR_INPUT_CLOSED')
    await child.kill()
  })
})
