import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { run } from '../index.js'
import { noShell, sh } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'

const folder = mkdtempSync(join(tmpdir(), 'procward-'))
after(() => rmSync(folder, { recursive: true }))
afterEach(assertNothingLeft)

const LENGTH = 3_000_000

/** Writes a file, and returns its path. @param {string} name @param {Buffer} bytes */
function written(name, bytes) {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

/** Repeats a text to about the length of a long output. @param {string} text */
function long(text) {
  return Buffer.from(text.repeat(Math.ceil(LENGTH / text.length)))
}

describe('a long text is the one that Node.js decodes', { skip: noShell }, () => {
  const contents = {
    ASCII: long('plain text\n\0'),
    'Latin-1': long('déjà vu ÿ'),
    'two-byte characters': long('čšž ← →'),
    'pairs of surrogates': long('🦀 crab'),
    'one wide character at its end': Buffer.concat([long('plain'), Buffer.from('→')]),
    'a byte order mark': Buffer.concat([Buffer.from('\ufeff'), long('plain')]),
    'an invalid byte at its end': Buffer.concat([long('plain'), Buffer.from([0xff])]),
    'a character that is cut off': Buffer.concat([long('plain'), Buffer.from([0xf0, 0x9f])]),
    'random bytes': randomBytes(LENGTH),
  }
  for (const [what, bytes] of Object.entries(contents))
    test(what, async () => {
      const { stdout, stderr } = await run('cat', [written('content', bytes)])
      assert.ok(stdout === bytes.toString())
      assert.equal(stderr, '')
    })

  test('stderr too', async () => {
    const bytes = long('error ä')
    const { stderr } = await run(...sh('cat "$1" >&2', written('errors', bytes)))
    assert.ok(stderr === bytes.toString())
  })

  test('of a command that fails, and of one that writes too much', async () => {
    const bytes = long('plain')
    const path = written('failing', bytes)
    await assert.rejects(run(...sh('cat "$1"; exit 3', path)), ({ code, stdout }) => {
      return code === 'ERR_EXIT' && stdout === bytes.toString()
    })
    await assert.rejects(run('cat', [path], { maxBuffer: 2_000_000 }), ({ code, stdout }) => {
      return code === 'ERR_MAX_BUFFER' && stdout === bytes.toString('latin1', 0, 2_000_000)
    })
  })

  test('can be used as any string', async () => {
    const path = written('json', Buffer.from(JSON.stringify({ list: Array(500_000).fill('ä1') })))
    const { stdout } = await run('cat', [path])
    assert.equal(JSON.parse(stdout).list.length, 500_000)
    assert.equal(stdout.split('ä').length, 500_001)
    assert.equal(Buffer.byteLength(stdout), Buffer.from(stdout).length)
    assert.equal(structuredClone(stdout), stdout)
  })
})

describe('a long output in another encoding', { skip: noShell }, () => {
  const bytes = randomBytes(LENGTH + 1)
  for (const encoding of ['latin1', 'ascii', 'hex', 'base64', 'base64url', 'utf16le'])
    test(encoding, async () => {
      const { stdout } = await run('cat', [written('bytes', bytes)], { encoding })
      assert.ok(stdout === bytes.toString(encoding))
    })

  test('while a test fakes the time', async () => {
    const { code, stdout } = await outcomeOf(`
      import { mock } from 'node:test'
      import { run } from 'procward'
      mock.timers.enable()
      const args = ['-c', '${LENGTH}', '/dev/zero']
      console.log((await run('head', args, { encoding: 'latin1' })).stdout.length)`)
    assert.deepEqual([code, stdout], [0, `${LENGTH}`])
  })

  test('buffer', async () => {
    const { stdout } = await run('cat', [written('bytes', bytes)], { encoding: 'buffer' })
    assert.ok(stdout.equals(bytes))
  })
})

describe('memory of long texts', { skip: noShell }, () => {
  test('is freed when the texts are collected', async () => {
    const path = written('memory', long('plain'))
    const program = `
      import { run } from 'procward'
      const files = Array(8).fill(${JSON.stringify(path)})
      const round = async () => {
        for (let at = 0; at < 15; at++) {
          const { stdout } = await run('cat', files, { maxBuffer: Infinity })
          if (stdout.length < 24e6) throw new Error('short')
          globalThis.gc()
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
        return process.memoryUsage().rss
      }
      const first = await round()
      console.log((await round()) - first < 150e6 ? 'level' : 'grows')`
    const { stdout, stderr } = await outcomeOf(program, { args: ['--expose-gc'] })
    assert.equal(stdout, 'level', stderr)
  })

  test('outlives the worker thread that the text was made in', async () => {
    const worker = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads')
       const { run } = require(workerData.index)
       run('cat', [workerData.path]).then(({ stdout }) => parentPort.postMessage(stdout))`,
      {
        eval: true,
        workerData: {
          index: fileURLToPath(new URL('../index.js', import.meta.url)),
          path: written('worker', long('plain')),
        },
      },
    )
    const text = await new Promise((resolve, reject) => {
      worker.once('message', resolve).once('error', reject)
    })
    await worker.terminate()
    assert.ok(text === long('plain').toString())
  })
})

describe('all', { skip: noShell }, () => {
  const script = sh('echo 1; sleep 0.2; echo 2 >&2; sleep 0.2; printf 3; exit "$1"', '0')

  test('has both outputs in the order of their reading', async () => {
    const { all, stdout, stderr } = await run(...script, { all: true })
    assert.deepEqual({ all, stdout, stderr }, { all: '1\n2\n3', stdout: '1\n3', stderr: '2\n' })
  })

  test('is absent without the option', async () => {
    assert.ok(!('all' in (await run(...script))))
    assert.ok(!('all' in (await run(...script, { all: false }))))
  })

  test('comes in the encoding, and with errors', async () => {
    const { all } = await run(...script, { all: true, encoding: 'buffer' })
    assert.deepEqual(all, Buffer.from('1\n2\n3'))
    const failing = sh('echo 1; exit 3')
    await assert.rejects(run(...failing, { all: true }), { code: 'ERR_EXIT', all: '1\n' })
  })

  test('has each output up to maxBuffer', async () => {
    const { all } = await run(...sh('printf 12345; printf 67890 >&2'), { all: true, maxBuffer: 5 })
    assert.equal(all.length, 10)
    const over = run(...sh('printf 123456'), { all: true, maxBuffer: 5 })
    await assert.rejects(over, { code: 'ERR_MAX_BUFFER', all: '12345' })
  })

  test('keeps the bytes of a character together', async () => {
    const pieces = sh(
      `printf '\\360\\237'; sleep 0.3; printf - >&2; sleep 0.3; printf '\\246\\200'`,
    )
    assert.equal((await run(...pieces, { all: true })).all, '-🦀')
  })

  test('is a boolean', async () => {
    await assert.rejects(run('true', [], { all: 'yes' }), { code: 'ERR_INVALID_CONFIG' })
  })
})
