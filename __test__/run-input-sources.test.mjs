import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { run, spawn } from '../index.js'
import { noShell, sh } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'

afterEach(assertNothingLeft)

const bytes = randomBytes(5 * 2 ** 20)

/** @type {string} */
let folder
/** @type {string} */
let file
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'procward-'))
  file = join(folder, 'ü input')
  await writeFile(file, bytes)
})

after(() => rm(folder, { recursive: true }))

async function* chunks(list) {
  for (const chunk of list) {
    await sleep(1)
    yield chunk
  }
}

describe('a source reaches the command whole, and then its end', { skip: noShell }, () => {
  const words = ['a', Buffer.from('ü'), '', new Uint8Array([0x0a])]
  const sources = {
    'a file by path': () => [{ inputFile: file }, bytes],
    'a file by URL': () => [{ inputFile: pathToFileURL(file) }, bytes],
    'a file as an object': () => [{ input: { file } }, bytes],
    'a stream of a file': () => [{ input: createReadStream(file) }, bytes],
    'a stream of text': () => [{ input: Readable.from(['a', 'ü']) }, 'aü'],
    'a stream with an encoding': () => [
      { input: new PassThrough().setEncoding('utf8').end('ü') },
      'ü',
    ],
    'a web stream': () => [{ input: Readable.toWeb(createReadStream(file)) }, bytes],
    'a stream that has ended': () => [{ input: Readable.from([]).resume() }, ''],
    'an array': () => [{ input: words }, 'aü\n'],
    'an empty array': () => [{ input: [] }, ''],
    'a set': () => [{ input: new Set(['b', 'c']) }, 'bc'],
    'a generator': () => [{ input: words.values() }, 'aü\n'],
    'an async generator': () => [{ input: chunks(words) }, 'aü\n'],
  }
  for (const [what, make] of Object.entries(sources))
    test(what, async () => {
      const [options, expected] = make()
      const all = { ...options, encoding: 'buffer', maxBuffer: bytes.length }
      const { stdout } = await run('cat', all)
      assert.ok(stdout.equals(Buffer.from(expected)))
      const [again] = make()
      const child = spawn('wc', ['-c'], again)
      const [line] = await once(child, 'line')
      await child.exited
      assert.equal(Number(line), Buffer.byteLength(expected))
    })

  test('spawn() closes stdin after a source', async () => {
    const child = spawn('cat', { input: ['a\n'] })
    assert.deepEqual(await once(child, 'line'), ['a'])
    await child.exited
    await assert.rejects(child.write('x'), { code: 'ERR_INPUT_CLOSED' })
  })
})

describe('back-pressure', { skip: noShell }, () => {
  test('a command that does not read is not fed more than the pipe holds', async () => {
    let given = 0
    function* endless() {
      for (; ; given++) yield Buffer.alloc(2 ** 16)
    }
    await run('sleep', ['0.3'], { input: endless() })
    assert.ok(given < 50, `${given} chunks of 64 KiB`)
  })

  test('a source that is slower than the command loses nothing', async () => {
    const list = Array.from({ length: 50 }, (_, at) => `${at}\n`)
    assert.equal((await run('cat', { input: chunks(list) })).stdout, list.join(''))
  })
})

describe('a command that takes no more', { skip: noShell }, () => {
  test('ends the iterator, and succeeds', async () => {
    let isEnded = false
    function* endless() {
      try {
        for (;;) yield 'x'.repeat(1000)
      } finally {
        isEnded = true
      }
    }
    const { stdout } = await run('head', ['-c', '3'], { input: endless() })
    assert.equal(stdout, 'xxx')
    assert.equal(isEnded, true)
  })

  test('does not wait for a source that never gives anything', async () => {
    const silent = new PassThrough()
    const waiting = (async function* () {
      yield await new Promise(() => {})
    })()
    assert.equal((await run('echo', ['a'], { input: silent })).stdout, 'a\n')
    assert.equal((await run('echo', ['a'], { input: waiting })).stdout, 'a\n')
    assert.deepEqual([silent.destroyed, silent.isPaused()], [false, true], 'the caller may go on')
    assert.deepEqual(
      ['data', 'end', 'error', 'close'].map((event) => silent.listenerCount(event)),
      ['data', 'end', 'error', 'close'].map((event) => new PassThrough().listenerCount(event)),
    )
  })

  test('lets the server exit, although the input is its own open stdin', async () => {
    const { code, stdout } = await outcomeOf(
      `import { run } from 'procward'
      const { stdout } = await run('echo', ['a'], { input: process.stdin })
      console.log(stdout.trim())`,
    )
    assert.deepEqual([code, stdout], [0, 'a'])
  })
})

describe('a source that fails', { skip: noShell }, () => {
  const broken = () => {
    throw new Error('broken')
  }
  const sources = {
    'a file that is missing': [() => ({ inputFile: '/nowhere/file' }), { code: 'ENOENT' }],
    'a folder': [() => ({ inputFile: tmpdir() }), { code: 'EISDIR' }],
    'a stream with an error': [
      () => ({
        input: new Readable({
          read() {
            this.destroy(new Error('broken'))
          },
        }),
      }),
      { message: 'broken' },
    ],
    'a stream that was closed before': [
      () => ({ input: new PassThrough().destroy() }),
      { code: 'ERR_STREAM_PREMATURE_CLOSE' },
    ],
    'a generator that throws': [
      () => ({
        input: (function* () {
          yield 'a\n'
          broken()
        })(),
      }),
      { message: 'broken' },
    ],
    'an iterable that cannot be iterated': [
      () => ({ input: { [Symbol.iterator]: broken } }),
      { message: 'broken' },
    ],
    'an item of another type': [
      () => ({ input: ['a\n', 5] }),
      {
        code: 'ERR_INVALID_CONFIG',
        message: 'a chunk of the input must be a string, a Buffer or a Uint8Array, got 5',
      },
    ],
  }
  for (const [what, [make, cause]] of Object.entries(sources))
    for (const reject of [true, false])
      test(`${what}, reject: ${reject}: the tree is terminated, and its output kept`, async () => {
        const script = sh('echo out; echo err >&2; cat >/dev/null; sleep 60')
        const failed = (error) => {
          assert.equal(error.code, 'ERR_INPUT_FAILED')
          assert.match(error.message, /^\/bin\/sh was terminated, because its input failed: /)
          for (const [key, value] of Object.entries(cause)) assert.equal(error.cause[key], value)
          assert.ok(error.pid > 0)
          assert.equal(typeof error.stdout, 'string')
          return true
        }
        await assert.rejects(run(...script, { ...make(), reject }), failed)
        await assert.rejects(spawn(...script, { ...make(), reject }).exited, failed)
      })

  test('after the output: it is in the error', async () => {
    const input = new Readable({ read() {} })
    const child = run(...sh('echo out; echo err >&2; cat'), { input })
    const fail = setTimeout(() => input.destroy(new Error('late')), 500)
    await assert.rejects(child, { code: 'ERR_INPUT_FAILED', stdout: 'out\n', stderr: 'err\n' })
    clearTimeout(fail)
  })

  test('an aborted call rejects with its signal, and a refused one reads nothing', async () => {
    const controller = new AbortController()
    const input = new PassThrough()
    const child = run('cat', { input, signal: controller.signal })
    controller.abort()
    await assert.rejects(child, { code: 'ABORT_ERR' })
    let isRead = false
    const untouched = {
      *[Symbol.iterator]() {
        isRead = true
        yield 'a'
      },
    }
    await assert.rejects(run('cat', { input: untouched, signal: AbortSignal.abort() }), {
      code: 'ABORT_ERR',
    })
    assert.equal(isRead, false)
  })

  test('a command that could not be started ends the reading', async () => {
    const input = new PassThrough()
    await assert.rejects(run('procward-no-such-command', { input }), { code: 'ERR_SPAWN' })
    assert.equal(input.listenerCount('data'), 0)
  })
})
