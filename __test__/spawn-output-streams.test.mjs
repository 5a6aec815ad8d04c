import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { after, afterEach, describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { getActiveProcesses, spawn } from '../index.js'
import { noShell, sh } from './support/commands.mjs'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'
import { until } from './support/until.mjs'

const folder = mkdtempSync(join(tmpdir(), 'procward-'))
after(() => rmSync(folder, { recursive: true }))
afterEach(assertNothingLeft)

/** Adds a file's name to the folder of these tests. @param {string} name */
function file(name) {
  return join(folder, name)
}

const bytes = randomBytes(5_000_000)
const binary = file('binary')
writeFileSync(binary, bytes)

/** The number of this process's open descriptors. */
function descriptors() {
  return readdirSync('/proc/self/fd').length
}

describe('an output as a stream', { skip: noShell }, () => {
  test('stdout gives each byte, and ends', async () => {
    const child = spawn('cat', [binary])
    assert.ok(bytes.equals(await buffer(child.stdout)))
    assert.equal((await child.exited).stdout, '')
  })

  test('stderr gives each byte, ends, and leaves no tail', async () => {
    const child = spawn(...sh(`cat "$1" >&2`, binary))
    assert.ok(bytes.equals(await buffer(child.stderr)))
    assert.equal((await child.exited).stderr, '')
  })

  test('is the same object each time, and a socket that owns the pipe', async () => {
    const child = spawn('cat', [])
    assert.ok(child.stdout instanceof Socket)
    assert.equal(child.stdout, child.stdout)
    await child.end('one\n')
    assert.equal(await text(child.stdout), 'one\n')
    await child.exited
  })

  test('is there after the start too', async () => {
    const child = spawn('cat', [binary])
    await once(child, 'spawn')
    await wait(50)
    assert.ok(child.stdout instanceof Socket)
    assert.ok(bytes.equals(await buffer(child.stdout)))
    await child.exited
  })

  test('makes the command wait while nothing reads', async () => {
    const done = file('unread')
    const child = spawn(...sh(`cat "$1" "$1"; : > ${done}`, binary))
    const { stdout } = child
    await once(child, 'spawn')
    await wait(300)
    assert.ok(!existsSync(done))
    assert.equal((await buffer(stdout)).length, 2 * bytes.length)
    await child.exited
    assert.ok(existsSync(done))
  })

  test('can be read after the exit: the pipe keeps the bytes', async () => {
    const child = spawn(...sh('printf "a\\0b"'))
    const { stdout } = child
    await child.exited
    assert.equal(await text(stdout), 'a\0b')
  })

  test('goes to the input of another command', async () => {
    const [first, second] = [spawn('cat', [binary]), spawn('wc', ['-c'])]
    await pipeline(first.stdout, second.stdin)
    assert.equal((await text(second.stdout)).trim(), `${bytes.length}`)
    await Promise.all([first.exited, second.exited])
  })

  test('destroyed: the command gets SIGPIPE', async () => {
    const child = spawn('yes')
    await once(child.stdout, 'data')
    child.stdout.destroy()
    await assert.rejects(child.exited, { code: 'ERR_EXIT', signal: 'SIGPIPE' })
  })

  test('does not end the lines of the other output', async () => {
    const child = spawn(...sh('echo out; seq 50000 >&2'))
    let lines = 0
    child.on('errorLine', () => lines++)
    assert.equal(await text(child.stdout), 'out\n')
    assert.match((await child.exited).stderr, /\n50000\n$/)
    assert.equal(lines, 50_000)
  })

  test('gives no lines', async () => {
    const child = spawn('seq', ['3'])
    const { stdout } = child
    child.on('line', () => assert.fail('a line'))
    await child.exited
    assert.equal(await text(stdout), '1\n2\n3\n')
    await assert.rejects(child[Symbol.asyncIterator]().next(), { code: 'ERR_OUTPUT_IN_USE' })
  })

  test('knows no maxBuffer', async () => {
    const child = spawn('cat', [binary], { maxBuffer: 1 })
    assert.equal((await buffer(child.stdout)).length, bytes.length)
    assert.equal((await child.exited).exitCode, 0)
  })

  test('ends after a kill', async () => {
    const child = spawn(...sh('echo ready; exec sleep 60'))
    await once(child.stdout, 'data')
    const ended = once(child.stdout, 'end')
    await child.kill()
    await ended
  })

  test('ends for a command that was not started, also when it is asked for later', async () => {
    const child = spawn(file('missing'))
    assert.equal(await text(child.stdout), '')
    await assert.rejects(child.exited, { code: 'ERR_SPAWN' })
    assert.equal(await text(child.stderr), '')
  })

  test('ends for a command that was aborted before its start', async () => {
    const child = spawn('cat', [binary], { signal: AbortSignal.abort() })
    await assert.rejects(child.exited, { code: 'ABORT_ERR' })
    assert.equal(await text(child.stdout), '')
  })

  test('leaves no descriptor', { skip: noProcessList }, async () => {
    const round = async () => {
      const child = spawn('echo', ['one'])
      await Promise.all([text(child.stdout), text(child.stderr), child.exited])
    }
    await round()
    const before = descriptors()
    for (let at = 0; at < 20; at++) await round()
    await until(() => descriptors() <= before)
  })

  test('read to its end, it does not hold up the end of the program', async () => {
    const program = `
      import { spawn } from 'procward'
      const child = spawn('seq', ['3'])
      child.stdout.on('data', (bytes) => process.stdout.write(bytes))`
    const { code, stdout } = await outcomeOf(program)
    assert.deepEqual([code, stdout], [0, '1\n2\n3'])
  })

  test('is closed when its worker thread ends', { skip: noProcessList }, async () => {
    const before = descriptors()
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads')
       const { spawn } = require(${JSON.stringify(fileURLToPath(new URL('../index.js', import.meta.url)))})
       const child = spawn('yes')
       child.stdout.once('data', () => {
         child.stdout.pause()
         parentPort.postMessage('reads')
       })`,
      { eval: true },
    )
    await once(worker, 'message')
    await worker.terminate()
    await until(() => getActiveProcesses().length === 0)
    await until(() => descriptors() <= before)
  })
})

describe('an output that was read before', { skip: noShell }, () => {
  test('gives each byte when its stream is asked for right after exited', async () => {
    const child = spawn('cat', [binary])
    const [, read] = await Promise.all([child.exited, buffer(child.stdout)])
    assert.ok(bytes.equals(read))
  })

  test('makes the command wait while nothing reads its stream', async () => {
    const done = file('unread-chunks')
    const child = spawn(...sh(`cat "$1"; : > ${done}`, binary), { killGrace: 60_000 })
    const exited = child.exited
    const { stdout } = child
    await once(child, 'spawn')
    await wait(300)
    assert.ok(!existsSync(done))
    assert.ok(bytes.equals(await buffer(stdout)))
    await exited
  })

  test('gives its bytes after the exit, which no caller has waited for', async () => {
    const child = spawn(...sh('printf "a\\0b"; printf error >&2'))
    await once(child, 'spawn')
    await until(() => getActiveProcesses().length === 0)
    assert.equal(await text(child.stdout), 'a\0b')
    assert.equal(await text(child.stderr), 'error')
    assert.equal((await child.exited).stderr, 'error')
  })

  test('destroyed: the command gets SIGPIPE', async () => {
    const child = spawn(...sh('echo ready; sleep 0.3; exec yes'))
    const exited = assert.rejects(child.exited, { code: 'ERR_EXIT', signal: 'SIGPIPE' })
    await once(child.stdout, 'data')
    child.stdout.destroy()
    await exited
  })

  test('is no stream when more than 64 KiB are gone', async () => {
    const child = spawn('cat', [binary])
    await child.exited
    assert.throws(() => child.stdout, { code: 'ERR_OUTPUT_CUT', message: /stdout.*64 KiB/ })
  })

  test('destroyed while it waits for bytes, it does not hold up the end of the program', async () => {
    const program = `
      import { spawn } from 'procward'
      const child = spawn('yes')
      const exited = child.exited.catch(() => {})
      child.stdout.read()
      child.stdout.destroy()
      await exited
      console.log('ended')`
    const { code, stdout } = await outcomeOf(program)
    assert.deepEqual([code, stdout], [0, 'ended'])
  })

  test('as lines, is no stream', async () => {
    const child = spawn('seq', ['3'])
    child.on('line', () => {})
    assert.throws(() => child.stdout, { code: 'ERR_OUTPUT_IN_USE', message: /stdout.*lines/ })
    await child.exited
    assert.equal(await text(child.stderr), '')
  })

  test('as lines, does not drop the stream of the other output', async () => {
    const child = spawn(...sh('echo out; cat "$1" >&2', binary))
    child.on('line', () => {})
    assert.ok(bytes.equals(await buffer(child.stderr)))
    await child.exited
  })
})

describe('all', { skip: noShell }, () => {
  const script = sh(
    'echo 1; sleep 0.2; echo 2 >&2; sleep 0.2; echo 3; sleep 0.2; echo 4 >&2; sleep 0.2',
  )

  test('merges both outputs, and ends', async () => {
    const child = spawn(...script, { all: true })
    assert.ok(child.all instanceof Readable)
    assert.equal(child.all, child.all)
    assert.equal(await text(child.all), '1\n2\n3\n4\n')
    await child.exited
  })

  test('gives each byte of both', async () => {
    const child = spawn(...sh('cat "$1" & cat "$1" >&2; wait', binary), { all: true })
    assert.equal((await buffer(child.all)).length, 2 * bytes.length)
    await child.exited
  })

  test('is undefined without the option', async () => {
    const child = spawn('true')
    assert.equal(child.all, undefined)
    await child.exited
  })

  test('destroyed: both pipes are closed', async () => {
    const child = spawn(...sh('yes & yes >&2; wait'), { all: true })
    await once(child.all, 'data')
    child.all.destroy()
    await child.exited.catch(() => {})
    assert.ok(child.stdout.destroyed && child.stderr.destroyed)
  })

  test('is a boolean', () => {
    assert.throws(() => spawn('true', [], { all: 1 }), { code: 'ERR_INVALID_CONFIG' })
  })
})
