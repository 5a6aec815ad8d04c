import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { nothingLeft, outputsOf } from './node-child-process/endings.mjs'
import { exec, execFile } from './node-child-process/module.mjs'

const MIB = 1024 * 1024
/** Four characters of three bytes each. */
const WIDE = 'かきくけ'
const starters = {
  exec: (program, options, done) => exec(`"${process.execPath}" -e "${program}"`, options, done),
  execFile: (program, options, done) => execFile(process.execPath, ['-e', program], options, done),
}

afterEach(nothingLeft)

function assertExceeded(outputs, name, expected) {
  const { error } = outputs
  assert.ok(error instanceof RangeError)
  assert.equal(error.message, `${name} maxBuffer length exceeded`)
  assert.equal(error.code, 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
  assert.deepEqual(outputs[name], expected)
}

for (const [starterName, start] of Object.entries(starters)) {
  const run = (program, options) => outputsOf((done) => start(program, options, done))
  /** The same, with outputs whose streams decode although `encoding` says buffers. */
  const runDecoded = (program, options, name) =>
    outputsOf((done) => start(program, options, done)[name].setEncoding('utf-8'))

  describe(`maxBuffer of ${starterName}`, () => {
    test('is 1 MiB, and more is an error', async () => {
      const outputs = await run(`console.log('a'.repeat(${MIB}))`, {})
      assertExceeded(outputs, 'stdout', 'a'.repeat(MIB))
    })

    test('is 1 MiB, and as much is none', async () => {
      const { error, stdout, stderr } = await run(`console.log('a'.repeat(${MIB - 1}))`, {})
      assert.equal(error, null)
      assert.ok(stdout.trim() === 'a'.repeat(MIB - 1))
      assert.equal(stderr, '')
    })

    test('may be Infinity', async () => {
      const outputs = await run("console.log('hello world')", { maxBuffer: Infinity })
      assert.deepEqual(outputs, { error: null, stdout: 'hello world\n', stderr: '' })
    })

    test('cuts the output', async () => {
      const outputs = await run("console.log('hello world')", { maxBuffer: 5 })
      assertExceeded(outputs, 'stdout', 'hello')
    })

    test('counts the bytes of stdout', async () => {
      const outputs = await run(`console.log('${WIDE}')`, { maxBuffer: 10 })
      assertExceeded(outputs, 'stdout', `${WIDE}\n`)
    })

    test('counts the bytes of stderr', async () => {
      const outputs = await run(`console.error('${WIDE}')`, { maxBuffer: 10 })
      assertExceeded(outputs, 'stderr', `${WIDE}\n`)
    })

    test('cuts text after so many characters', async () => {
      const outputs = await run(`console.error('${WIDE}')`, { maxBuffer: 3 })
      assertExceeded(outputs, 'stderr', WIDE.slice(0, 3))
    })

    test('cuts buffers after so many bytes', async () => {
      const outputs = await run(`console.error('${WIDE}')`, { encoding: null, maxBuffer: 5 })
      assertExceeded(outputs, 'stderr', Buffer.from(WIDE).subarray(0, 5))
    })

    for (const [name, method] of Object.entries({ stdout: 'log', stderr: 'error' }))
      test(`counts what the stream ${name} decodes`, async () => {
        const program = `console.${method}('${WIDE}')`
        const whole = await runDecoded(program, { encoding: null, maxBuffer: 10 }, name)
        assertExceeded(whole, name, `${WIDE}\n`)
        const cut = await runDecoded(program, { encoding: null, maxBuffer: 3 }, name)
        assertExceeded(cut, name, WIDE.slice(0, 3))
      })
  })
}

describe('maxBuffer of a small command', () => {
  test('cuts the output of echo', async () => {
    const shell = await outputsOf((done) => exec('echo hello world', { maxBuffer: 5 }, done))
    assertExceeded(shell, 'stdout', 'hello')
  })

  test('cuts the output of the file echo', { skip: process.platform === 'win32' }, async () => {
    const options = { maxBuffer: 5 }
    const file = await outputsOf((done) => execFile('echo', ['hello world'], options, done))
    assertExceeded(file, 'stdout', 'hello')
  })
})
