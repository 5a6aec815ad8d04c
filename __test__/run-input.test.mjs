import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { afterEach, describe, test } from 'node:test'
import { run } from '../index.js'
import { noShell, sh } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'

afterEach(assertNothingLeft)

const MIB = 1024 * 1024

describe('input', { skip: noShell }, () => {
  const shared = new Uint8Array(new SharedArrayBuffer(6))
  shared.set(Buffer.from('shared'))
  const inputs = {
    'a string': ['text ü 🦀\n', 'text ü 🦀\n'],
    'an empty string': ['', ''],
    'a Buffer': [Buffer.from('bytes'), 'bytes'],
    'an empty Buffer': [Buffer.alloc(0), ''],
    'a Uint8Array': [new Uint8Array([97, 98]), 'ab'],
    'a view into the middle': [Buffer.from('abcdef').subarray(2, 4), 'cd'],
    'shared memory': [shared, 'shared'],
    nothing: [undefined, ''],
  }
  for (const [what, [input, expected]] of Object.entries(inputs))
    test(`${what}: the command reads it, and then its end`, async () => {
      const { stdout } = await run('cat', [], { input })
      assert.equal(stdout, expected)
    })

  test('20 MiB go in and come out unchanged, as bytes and as text', async () => {
    const bytes = randomBytes(20 * MIB)
    const { stdout } = await run('cat', [], {
      input: bytes,
      encoding: 'buffer',
      maxBuffer: 20 * MIB,
    })
    assert.ok(bytes.equals(stdout))
    const text = 'ä🦀x\n'.repeat((20 * MIB) / 8)
    const read = await run('cat', [], { input: text, maxBuffer: 20 * MIB })
    assert.ok(read.stdout === text)
  })

  test('is copied at the call, so that later changes have no effect', async () => {
    const input = Buffer.alloc(MIB, 'a')
    const running = run('cat', [], { input })
    input.fill('b')
    assert.ok((await running).stdout === 'a'.repeat(MIB))
  })

  const large = Buffer.alloc(20 * MIB, 'x')

  test('a command that never reads causes no wait and no error', async () => {
    const { stdout, exitCode } = await run('echo', ['done'], { input: large })
    assert.deepEqual([stdout, exitCode], ['done\n', 0])
  })

  test('a command that closes its input early runs on', async () => {
    const { stdout } = await run(...sh('exec <&-; sleep 0.1; echo done'), { input: large })
    assert.equal(stdout, 'done\n')
  })

  test('a command that reads a part of it', async () => {
    const { stdout } = await run('head', ['-c', '10'], { input: large })
    assert.equal(stdout, 'x'.repeat(10))
  })

  test('a command that fails while it is fed', async () => {
    await assert.rejects(run(...sh('head -c 1000 >/dev/null; exit 3'), { input: large }), {
      code: 'ERR_EXIT',
      exitCode: 3,
    })
  })

  test('a command that reads only while its output is read', async () => {
    const doubled = await run('sed', ['p'], { input: 'line\n'.repeat(500_000) })
    assert.equal(doubled.stdout.length, 5_000_000)
  })

  test('a command that waits for the end of its input gets it, because there is no terminal', async () => {
    const { stdout } = await run(...sh('cat; echo end; test -t 0 || echo no terminal'))
    assert.equal(stdout, 'end\nno terminal\n')
  })
})
