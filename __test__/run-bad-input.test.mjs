import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { after, afterEach, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { getActiveProcesses, run, spawn } from '../index.js'
import { NO_NUMBERS } from './support/bad-values.mjs'
import { assertNothingLeft } from './support/processes.mjs'

const folder = mkdtempSync(join(tmpdir(), 'procward-'))
const MARK = join(folder, 'started')

after(() => rmSync(folder, { recursive: true }))
afterEach(async () => {
  assert.equal(existsSync(MARK), false, 'nothing was started')
  assertNothingLeft()
  assert.equal((await run(process.execPath, ['--version'])).exitCode, 0)
})

const NO_COUNTS = [
  ...NO_NUMBERS,
  Number.NaN,
  -1,
  0,
  -0,
  0.5,
  1.5,
  -Infinity,
  Number.MAX_SAFE_INTEGER,
  1e21,
]
const NO_STRINGS = [
  null,
  5,
  true,
  1n,
  Symbol('text'),
  {},
  ['a'],
  () => {},
  new String('a'),
  Buffer.from('a'),
]
const NO_SIGNALS = [
  null,
  'abort',
  1,
  true,
  {},
  { aborted: false },
  [],
  new AbortController(),
  new EventTarget(),
]
const NO_OBJECTS = [null, 'text', 5, true, 1n, Symbol('object'), [], ['a'], () => {}]

const STREAM = `'pipe', 'ignore', 'inherit', a descriptor from 0 to ${process.platform === 'win32' ? 2 : 2 ** 31 - 1}, a file: URL, or an object with a file`
const TIME = 'a whole number of milliseconds from 1 to 2147483647'

const is = (name, expected) => (value) => ({
  code: 'ERR_INVALID_CONFIG',
  message: `${name} must be ${expected}, got ${shown(value)}`,
})
const isSecret = (name, expected) => (value) => ({
  code: 'ERR_INVALID_CONFIG',
  message: `${name} must be ${expected}, got a value of type ${typeof value}`,
})
const isType = (name, expected) => (value) => ({
  ...is(name, expected)(value),
  code: 'ERR_INVALID_ARG_TYPE',
})
const hasNullByte = (name) => () => ({
  code: 'ERR_INVALID_ARG_VALUE',
  message: `${name} must be a string without null bytes`,
})

function shown(value) {
  return inspect(value, { depth: 0, maxStringLength: 100, breakLength: Infinity })
}

/** What is given, the values that are refused in its place, and how. */
const table = [
  [
    'command',
    [undefined, ...NO_STRINGS],
    (value) => [value, [MARK]],
    isType('command', 'a string'),
  ],
  [
    'command',
    [''],
    (value) => [value, [MARK]],
    () => ({ code: 'ERR_INVALID_ARG_VALUE', message: 'command must not be empty' }),
  ],
  ['command', ['touch\0', '\0'], (value) => [value, [MARK]], hasNullByte('command')],
  [
    'args',
    [null, 'a', 5, new Set(['a'])],
    (value) => ['touch', value],
    isType('args', 'an array of strings'),
  ],
  [
    'args[1]',
    [undefined, ...NO_STRINGS],
    (value) => ['touch', [MARK, value]],
    isType('args[1]', 'a string'),
  ],
  ['args[0]', ['a\0b'], (value) => ['touch', [value, MARK]], hasNullByte('args[0]')],
  ['options', NO_OBJECTS, (value) => ['touch', [MARK], value], is('options', 'an object')],
  ...[
    ['timeout', [...NO_COUNTS, 2 ** 31], `${TIME} or Infinity`],
    ['killGrace', [...NO_COUNTS, 2 ** 31, Infinity], TIME],
    [
      'maxBuffer',
      [...NO_COUNTS, 2 ** 32],
      'a whole number of bytes from 1 to 4294967295 or Infinity',
    ],
    ['server', NO_STRINGS, 'a string'],
    ['tool', NO_STRINGS, 'a string'],
    ['cwd', NO_STRINGS, 'a string'],
    ['shell', [null, 0, 1, '', {}, ['sh']], 'true, false, or the name or path of a shell'],
    ['preferLocal', [null, 0, 1, 'true', {}], 'true or false'],
    ['inputFile', NO_STRINGS, 'a string'],
    ['argv0', NO_STRINGS, 'a string'],
    ...['stdin', 'stdout', 'stderr'].map((name) => [
      name,
      [null, '', 'file', './path', 'overlapped', -1, 1.5, 2 ** 31, {}, true, ['pipe']],
      STREAM,
    ]),
    [
      'killSignal',
      [null, '', 0, -1, 1.5, 1000, 'TERM', 'SIGNOTHING', 'toString', {}],
      "the name or the number of a signal, such as 'SIGINT'",
    ],
    [
      'encoding',
      [null, '', 'utf9', 'BUFFER', 5, ['utf8']],
      "'buffer' or an encoding that Node.js knows",
    ],
    ['reject', [null, 0, 1, 'false', {}], 'true or false'],
    ['signal', NO_SIGNALS, 'an AbortSignal'],
    [
      'input',
      [
        null,
        5,
        true,
        {},
        new ArrayBuffer(1),
        new Uint16Array(1),
        new DataView(new ArrayBuffer(1)),
        new Writable(),
      ],
      'a string, a Buffer or a Uint8Array, a readable stream, an iterable, or an object with a file',
    ],
    ['env', NO_OBJECTS, 'an object'],
  ].map(([name, values, expected]) => [
    name,
    values,
    (value) => ['touch', [MARK], { [name]: value }],
    is(name, expected),
  ]),
  ['env.A', NO_STRINGS, (A) => ['touch', [MARK], { env: { A } }], isSecret('env.A', 'a string')],
  ['env.A', ['a\0b'], (A) => ['touch', [MARK], { env: { A } }], hasNullByte('env.A')],
  [
    'a name in env',
    ['', 'A=B', 'A='],
    (name) => ['touch', [MARK], { env: { [name]: 'x' } }],
    (name) => is('each name in env', 'a text without "="')(name.replace(/=.*/, '=…')),
  ],
  [
    'a name with a null byte in env',
    ['A\0B', 'A=\0'],
    (name) => ['touch', [MARK], { env: { [name]: 'x' } }],
    (name) => hasNullByte(`the name ${shown(name.split('=')[0])} in env`)(),
  ],
  ...['argv0', 'cwd', 'inputFile', 'server', 'shell', 'tool'].map((name) => [
    name,
    ['\0', 'a\0b'],
    (value) => ['touch', [MARK], { [name]: value }],
    hasNullByte(name),
  ]),
]

test('an error about a variable never shows its value', async () => {
  const secrets = [{ A: 's3cret\0' }, { A: ['s3cret'] }, { 'A=s3cret': 'x' }, { 'A=s3cret\0': 'x' }]
  for (const env of secrets)
    await assert.rejects(run('touch', [MARK], { env }), ({ code, message }) => {
      assert.match(code, /^ERR_INVALID_(CONFIG|ARG_VALUE)$/)
      assert.match(message, /\benv\b/)
      assert.doesNotMatch(message, /s3cret/)
      return true
    })
})

for (const [what, values, given, refusal] of table)
  describe(what, () => {
    for (const value of values)
      test(shown(value), async () => {
        const refused = { name: 'Error', ...refusal(value) }
        await assert.rejects(run(...given(value)), refused)
        assert.throws(() => spawn(...given(value)), refused)
        assert.deepEqual(getActiveProcesses(), [])
      })
  })

describe('other odd input', () => {
  test('an array with a hole has no string there', async () => {
    const refused = {
      code: 'ERR_INVALID_ARG_TYPE',
      message: 'args[1] must be a string, got undefined',
    }
    // biome-ignore lint/suspicious/noSparseArray: it is what is tested
    const args = [MARK, , 'a']
    await assert.rejects(run('touch', args), refused)
    assert.throws(() => spawn('touch', args), refused)
  })

  test('a URL that names no file of this machine', async () => {
    for (const name of ['cwd', 'inputFile', 'stdin', 'stdout', 'stderr'])
      for (const url of ['http://example.com/', 'file:///a%2fb', 'data:,']) {
        const refused = is(name, 'a path or a file: URL of this machine')(url)
        const options = { [name]: new URL(url) }
        await assert.rejects(run('touch', [MARK], options), refused)
        assert.throws(() => spawn('touch', [MARK], options), refused)
      }
    await assert.rejects(run('touch', [MARK], { cwd: new URL('file:///a%00b') }), {
      code: 'ERR_INVALID_ARG_VALUE',
    })
  })

  test('an input from two places, or with other fields than a file', async () => {
    for (const options of [
      { input: 'a', inputFile: 'b' },
      { input: { file: 'a', encoding: 'utf8' } },
      { input: { file: 5 } },
      { input: { file: '' } },
      { stdin: { file: '' } },
      { stdin: { file: 'a', append: true } },
      { stdout: { file: 5 } },
      { stdout: { file: 'a', append: 1 } },
      { stderr: { file: 'a', flags: 'w' } },
      { input: 'a', stdin: 'ignore' },
      { inputFile: 'a', stdin: { file: 'b' } },
    ])
      await assert.rejects(run('touch', [MARK], options), { code: 'ERR_INVALID_CONFIG' })
  })

  test('options in place of the arguments are checked, and none may follow them', async () => {
    await assert.rejects(run('touch', { Timeout: 1 }), { code: 'ERR_INVALID_CONFIG' })
    await assert.rejects(run('touch', {}, {}), {
      code: 'ERR_INVALID_ARG_TYPE',
      message: 'args must be an array of strings, got {}',
    })
  })

  test('spawn() has no lines in an encoding of two bytes', () => {
    for (const encoding of ['utf16le', 'UTF-16LE', 'ucs2', 'ucs-2'])
      assert.throws(() => spawn('touch', [MARK], { encoding }), {
        code: 'ERR_INVALID_CONFIG',
        message: `encoding must be one that has lines, got '${encoding}'`,
      })
  })

  test('an unknown option is refused by name, with the valid names', async () => {
    for (const name of ['Timeout', 'Shell', 'uid', 'gid']) {
      const refused = {
        code: 'ERR_INVALID_CONFIG',
        message: new RegExp(
          `^options has no option '${name}'; there are: all, argv0, cwd, detached, encoding, env,`,
        ),
      }
      await assert.rejects(run('touch', [MARK], { [name]: true }), refused)
      assert.throws(() => spawn('touch', [MARK], { [name]: true }), refused)
    }
  })

  test('a getter that throws: the caller gets that error', async () => {
    const error = new Error('getter')
    const trap = {
      enumerable: true,
      get() {
        throw error
      },
    }
    const [options, env, args] = [{}, {}, [MARK]]
    Object.defineProperty(options, 'timeout', trap)
    Object.defineProperty(env, 'A', trap)
    Object.defineProperty(args, 1, trap)
    for (const given of [
      ['touch', [MARK], options],
      ['touch', [MARK], { env }],
      ['touch', args],
    ]) {
      await assert.rejects(run(...given), error)
      assert.throws(() => spawn(...given), error)
    }
  })
})

describe('a process that runs', () => {
  const cat = () => spawn(process.execPath, ['--eval', 'process.stdin.resume()'])

  test('write() and end() refuse invalid data, and the process continues', async () => {
    const child = cat()
    for (const data of [null, 5, true, {}, ['a'], new ArrayBuffer(1)]) {
      await assert.rejects(child.write(data), { code: 'ERR_INVALID_ARG_TYPE' })
      await assert.rejects(child.end(data), { code: 'ERR_INVALID_ARG_TYPE' })
    }
    await assert.rejects(child.write(), { code: 'ERR_INVALID_ARG_TYPE' })
    await child.write('still open')
    await child.end()
    assert.equal((await child.exited).exitCode, 0)
  })

  test('kill() refuses bad options, and does not kill', async () => {
    const child = cat()
    for (const killGrace of [...NO_COUNTS, 2 ** 31, Infinity])
      await assert.rejects(child.kill({ killGrace }), is('killGrace', TIME)(killGrace))
    // A string or a number is a signal.
    for (const options of NO_OBJECTS.filter((one) => !['string', 'number'].includes(typeof one)))
      await assert.rejects(child.kill(options), is('options', 'an object')(options))
    await assert.rejects(child.kill({ signal: 'SIGTERM' }), { code: 'ERR_INVALID_CONFIG' })
    await child.end()
    assert.equal((await child.exited).exitCode, 0)
  })
})
