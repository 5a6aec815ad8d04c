import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { closed, nothingLeft, programs, SUCCESS, statusOf } from './node-child-process/endings.mjs'
import { spawn } from './node-child-process/module.mjs'

const isWindows = process.platform === 'win32'
const noPosix = isWindows ? 'needs the commands of POSIX' : false
const pwd = isWindows ? ['cmd.exe', ['/d', '/c', 'cd']] : ['pwd', []]
const startWith = (stdio) => spawn(...pwd, { stdio })
const VALUE = { code: 'ERR_INVALID_ARG_VALUE', name: 'TypeError' }

afterEach(nothingLeft)

describe('the option stdio', () => {
  test('is filled up with pipes', async () => {
    for (const given of [['pipe'], []]) {
      const child = startWith(given)
      const ending = closed(child)
      for (const stream of child.stdio) assert.notEqual(stream, null)
      assert.equal(child.stdio.length, 3)
      assert.equal(given.length, 3)
      assert.deepEqual(statusOf(await ending), SUCCESS)
    }
  })

  test("'ignore' gives no streams, and is left as given", async () => {
    const options = { stdio: 'ignore' }
    const child = spawn(...pwd, options)
    assert.deepEqual([child.stdin, child.stdout, child.stderr], [null, null, null])
    assert.deepEqual(options, { stdio: 'ignore' })
    assert.deepEqual(statusOf(await closed(child)), SUCCESS)
  })

  test('is pipes by default', async () => {
    const { stdout, ...rest } = await closed(spawn(...pwd))
    assert.deepEqual(statusOf(rest), SUCCESS)
    assert.equal(stdout.trim(), process.cwd())
    assert.equal(stdout.at(-1), '\n')
  })

  test('takes the streams of this process', async () => {
    const child = startWith([process.stdin, 'ignore', process.stderr])
    assert.deepEqual(child.stdio, [null, null, null])
    assert.deepEqual(statusOf(await closed(child)), SUCCESS)
  })

  test('takes one channel', () => {
    const expected = { code: 'ERR_IPC_ONE_PIPE', name: 'Error' }
    assert.throws(() => startWith(['pipe', 'pipe', 'pipe', 'ipc', 'ipc']), expected)
    assert.throws(() => startWith(['ipc', 'ipc', 'ipc']), expected)
  })

  test('refuses other values', () => {
    for (const value of ['foo', 600, [{ foo: 'bar' }]]) assert.throws(() => startWith(value), VALUE)
    assert.throws(() => startWith(['foo']), { ...VALUE, code: 'ERR_INVALID_SYNC_FORK_INPUT' })
  })

  test("'overlapped' is a pipe", async () => {
    const stdio = ['overlapped', 'pipe', 'pipe']
    const child = spawn(process.execPath, [programs, 'echoNumbers'], { stdio })
    const ending = closed(child)
    const numbers = []
    child.stdout.on('data', (text) => {
      numbers.push(Number(text))
      child.stdin.write(numbers.at(-1) < 200 ? String(numbers.at(-1) + 50) : 'exit')
    })
    const { stderr, ...rest } = await ending
    assert.deepEqual(numbers, [0, 50, 100, 150, 200])
    assert.equal(stderr, '12333')
    assert.deepEqual(statusOf(rest), SUCCESS)
  })
})

describe("stdio 'inherit'", { skip: noPosix }, () => {
  const start = (command) => spawn(process.execPath, [programs, 'inheritAll', command])

  test('gives input and output on to the grandchild', async () => {
    const child = start('cat')
    const ending = closed(child)
    child.stdin.end('some input')
    const { stdout, stderr, ...rest } = await ending
    assert.deepEqual({ stdout, stderr }, { stdout: 'some input', stderr: '' })
    assert.deepEqual(statusOf(rest), SUCCESS)
  })

  // A command that knows no EAGAIN fails at a descriptor that does not block.
  test('gives a stdout that blocks', async () => {
    const size = 500_000
    const { stdout, stderr, ...rest } = await closed(start(`head -c ${size} /dev/zero`))
    assert.equal(stderr, '')
    assert.equal(stdout.length, size)
    assert.deepEqual(statusOf(rest), SUCCESS)
  })
})

describe('a stream of another child', { skip: noPosix }, () => {
  test('connects commands to a pipeline that this process does not read', async () => {
    const kib = 1024
    const mib = kib * kib
    const folder = await mkdtemp(join(tmpdir(), 'procward-'))
    const file = join(folder, 'data.txt')
    // Lines, because commands treat text line by line.
    const text = Buffer.alloc(mib, 'x')
    for (let line = 1; line < kib; line++) text.write('\n', line * kib)
    await writeFile(file, text)

    const cat = spawn('cat', [file])
    const grep = spawn('grep', ['x'], { stdio: [cat.stdout, 'pipe', 'pipe'] })
    const wc = spawn('wc', ['-c'], { stdio: [grep.stdout, 'pipe', 'pipe'] })
    let reads = 0
    for (const { stdout } of [cat, grep])
      stdout._handle.readStart = () => {
        reads++
        return 0
      }
    const endings = [cat, grep].map((child) => {
      const errors = []
      child.on('error', (error) => errors.push(error))
      child.stderr.on('data', (data) => errors.push(String(data)))
      return once(child, 'exit').then(([code]) => ({ code, errors }))
    })
    const { code, errors, stdout, stderr } = await closed(wc)
    assert.deepEqual({ code, errors, stderr }, { code: 0, errors: [], stderr: '' })
    // The last line has no end in the file, and grep gives it one.
    assert.equal(stdout.trim(), String(mib + 1))
    for (const ending of endings) assert.deepEqual(await ending, { code: 0, errors: [] })
    assert.equal(reads, 0)
    for (const { stdout } of [cat, grep]) stdout.destroy()
    await rm(folder, { recursive: true })
  })

  test('can be the output of two and of this process', async () => {
    const last = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] })
    const [first, second] = [1, 2].map(() =>
      spawn('cat', { stdio: ['pipe', last.stdin, 'inherit'] }),
    )
    const endings = [first, second, last].map((child) => once(child, 'exit'))
    last.stdout.setEncoding('utf8')
    for (const [child, text] of [
      [first, 'hello\n'],
      [second, 'world\n'],
      [last, 'both\n'],
    ]) {
      const read = once(last.stdout, 'data')
      child.stdin.end(text)
      assert.deepEqual(await read, [text])
    }
    for (const ending of endings) assert.deepEqual(await ending, [0, null])
  })

  test('can be read again when its reader has ended', async () => {
    const cat = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] })
    const head = spawn('head', ['-n1'], { stdio: [cat.stdout, 'pipe', 'inherit'] })
    const ending = closed(head)
    cat.stdin.write('hello\n')
    assert.equal((await ending).stdout, 'hello\n')

    const catEnding = closed(cat)
    cat.stdin.end('world\n')
    cat.stdout.resume()
    const { stdout, ...rest } = await catEnding
    assert.equal(stdout, 'world\n')
    assert.deepEqual(statusOf(rest), SUCCESS)
  })
})
