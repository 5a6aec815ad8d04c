import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { run } from '../index.js'
import { node, noShell, sh } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'

afterEach(assertNothingLeft)

const MIB = 1024 * 1024
const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))

describe('encoding', () => {
  test("'buffer' keeps every byte, of both outputs", async () => {
    const program = node(
      'const b = Buffer.from(process.argv[1], "hex"); fs.writeSync(1, b); fs.writeSync(2, b.reverse())',
      ALL_BYTES.toString('hex'),
    )
    const { stdout, stderr } = await run(...program, { encoding: 'buffer' })
    assert.ok(Buffer.isBuffer(stdout) && Buffer.isBuffer(stderr))
    assert.deepEqual(stdout, ALL_BYTES)
    assert.deepEqual(stderr, Buffer.from(ALL_BYTES).reverse())
  })

  test("'buffer' gives empty buffers without output, also on errors", async () => {
    const expected = { code: 'ERR_EXIT', stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
    await assert.rejects(run('false', [], { encoding: 'buffer' }), expected)
  })

  const texts = {
    'invalid bytes are replaced': [[0x61, 0xff, 0xfe, 0x62], 'a\ufffd\ufffdb'],
    'a sequence that is cut off': [[0x61, 0xf0, 0x9f, 0xa6], 'a\ufffd'],
    'a sequence that is too long': [[0xc0, 0x80], '\ufffd\ufffd'],
    'half a surrogate pair': [[0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd'],
    'a byte order mark stays': [[0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
    'null bytes stay': [[0, 0x61, 0], '\0a\0'],
  }
  for (const encoding of ['utf8', undefined])
    for (const [what, [bytes, text]] of Object.entries(texts))
      test(`${encoding}: ${what}`, async () => {
        const { stdout } = await run('cat', [], { input: Uint8Array.from(bytes), encoding })
        assert.equal(stdout, text)
      })

  test('characters that arrive in pieces are put together', async () => {
    const { stdout } = await run(...sh(`printf '\\360\\237'; sleep 0.1; printf '\\246\\200'`))
    assert.equal(stdout, '🦀')
  })
})

describe('maxBuffer', { skip: noShell }, () => {
  const write = (stream, length) =>
    sh(`head -c ${length} /dev/zero | tr '\\0' a >&${stream}; exec ${stream}>&-`)

  for (const [stream, name] of [
    [1, 'stdout'],
    [2, 'stderr'],
  ])
    for (const maxBuffer of [1, 1000, 65_536, 65_537, MIB]) {
      test(`${name} of exactly ${maxBuffer} bytes is accepted`, async () => {
        const { truncated, [name]: output } = await run(...write(stream, maxBuffer), { maxBuffer })
        assert.deepEqual([truncated, output.length], [false, maxBuffer])
      })

      test(`${name} of one byte more terminates the command, with the first ${maxBuffer} bytes`, async () => {
        const started = () => write(stream, maxBuffer + 1)
        const message = `/bin/sh wrote more than maxBuffer (${maxBuffer} bytes) and was terminated`
        const expected = {
          code: 'ERR_MAX_BUFFER',
          message,
          truncated: true,
          timedOut: false,
          [name]: 'a'.repeat(maxBuffer),
        }
        await assert.rejects(run(...started(), { maxBuffer }), expected)
        const result = await run(...started(), { maxBuffer, reject: false })
        assert.deepEqual([result.truncated, result[name].length], [true, maxBuffer])
      })
    }

  test('is 10 MiB by default', async () => {
    const { stdout } = await run(...write(1, 10 * MIB))
    assert.equal(stdout.length, 10 * MIB)
    await assert.rejects(run(...write(1, 10 * MIB + 1)), {
      code: 'ERR_MAX_BUFFER',
      truncated: true,
    })
  })

  test('counts each output for itself', async () => {
    const { stdout, stderr } = await run(...sh('printf 12345; printf 67890 >&2'), { maxBuffer: 5 })
    assert.deepEqual([stdout, stderr], ['12345', '67890'])
  })

  test('counts bytes, not characters, and replaces a character that is cut', async () => {
    await assert.rejects(run('printf', ['ää'], { maxBuffer: 3 }), {
      code: 'ERR_MAX_BUFFER',
      stdout: 'ä\ufffd',
    })
  })

  test('terminates the whole tree of an endless command, and keeps no more than the bound', async () => {
    const endless = run(...sh('yes & yes >&2 & (setsid yes &) ; wait'), { maxBuffer: 3 * MIB })
    await assert.rejects(endless, ({ code, stdout, stderr }) => {
      return code === 'ERR_MAX_BUFFER' && Math.max(stdout.length, stderr.length) === 3 * MIB
    })
  })

  test('takes precedence over an exit code', async () => {
    await assert.rejects(run(...sh('printf 123456; exit 1'), { maxBuffer: 5 }), {
      code: 'ERR_MAX_BUFFER',
      stdout: '12345',
    })
  })
})

test('the message of a failed command has its stderr without control sequences', {
  skip: noShell,
}, async () => {
  const command = sh("printf '\\033[31mred\\033[0m\\a\\nno licence' >&2; exit 3")
  await assert.rejects(run(...command), ({ message, stderr }) => {
    assert.match(message, / exited with code 3: red\nno licence$/)
    return stderr === '\u001b[31mred\u001b[0m\u0007\nno licence'
  })
})
