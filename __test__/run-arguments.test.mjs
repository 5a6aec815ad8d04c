import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { run } from '../index.js'
import { node } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'

afterEach(assertNothingLeft)

/** Windows has 32 KiB for all arguments together. */
const LONG = 'long ü "quoted" \\ '.repeat(process.platform === 'win32' ? 500 : 6000)
/** A variable that every server has. */
const GONE = process.platform === 'win32' ? 'USERPROFILE' : 'HOME'

/** Texts that some shell, quoting rule or encoding would spoil. */
const TEXTS = {
  empty: '',
  'a space': ' ',
  'spaces around': '  a  b  ',
  'double quotes': 'say "hi"',
  'only a double quote': '"',
  'single quotes': "it's",
  'a backslash at the end': 'C:\\Program Files\\',
  'a backslash before a quote': '\\"',
  backticks: '`id`',
  'a variable': '$HOME %PATH% !x!',
  'a command': '$(id); id & id | id > /nowhere',
  'a glob': '* ? [a-z] ~ {a,b}',
  newlines: 'one\ntwo\r\nthree\n',
  'a tab and control characters': '\t\x01\x1b[31m\x7f',
  'a leading dash': '-n',
  'two leading dashes': '--eval=1',
  'only dashes': '--',
  accents: 'äöü ñ ç',
  'combining characters': 'e\u0301',
  'beyond the basic plane': '🦀𝒳 日本語 العربية',
  'invisible characters': '\ufeff\u200b\u2028\u2029',
  JSON: JSON.stringify({ a: [1, { b: 'c "d" \\ \n é' }], 'e f': null }),
  'very long': LONG,
}

const ECHO = node('console.log(JSON.stringify(process.argv.slice(1)))')

async function echoed(args) {
  const [command, own] = ECHO
  const { stdout } = await run(command, [...own, ...args], { maxBuffer: 2 ** 24 })
  return JSON.parse(stdout)
}

describe('arguments reach the command as they are', () => {
  test(`${Object.keys(TEXTS).join(', ')}: all at once, in this order`, async () => {
    const args = Object.values(TEXTS)
    assert.deepEqual(await echoed(args), args)
    assert.deepEqual(await echoed(args.toReversed?.() ?? [...args].reverse()), [...args].reverse())
  })

  test('many', async () => {
    const args = Array.from({ length: 5000 }, (_, at) => `${at}`)
    assert.deepEqual(await echoed(args), args)
  })

  test('half a surrogate pair, which no encoding has, becomes the replacement character', async () => {
    assert.deepEqual(await echoed(['a\ud83eb']), ['a\ufffdb'])
  })

  test('the array is read once, and left as it was', async () => {
    const args = Object.freeze([...ECHO[1], 'a', 'b'])
    const running = run(process.execPath, args)
    assert.deepEqual(JSON.parse((await running).stdout), ['a', 'b'])
    const changing = [...args]
    const started = run(process.execPath, changing)
    changing.length = 0
    assert.deepEqual(JSON.parse((await started).stdout), ['a', 'b'])
  })
})

describe('the environment', () => {
  const [command, args] = node('console.log(JSON.stringify(process.env))')

  async function environment(env) {
    const { PROCWARD_TAG, ...rest } = JSON.parse((await run(command, args, { env })).stdout)
    assert.ok(PROCWARD_TAG.includes(`:${process.pid}:`), 'the tag of this server')
    return rest
  }

  test("is the server's present one by default", async () => {
    process.env.PROCWARD_TEST_NEW = 'new'
    try {
      assert.deepEqual(await environment(undefined), { ...process.env })
      assert.deepEqual(await environment({}), { ...process.env })
    } finally {
      delete process.env.PROCWARD_TEST_NEW
    }
    assert.deepEqual(await environment(undefined), { ...process.env })
  })

  test('has the given variables on top, with any text, without undefined ones', async () => {
    const given = Object.fromEntries(
      Object.entries(TEXTS).map(([name, text]) => [`TEXT ${name}`, text]),
    )
    const { [GONE]: gone, ...rest } = process.env
    assert.equal(typeof gone, 'string')
    const env = {
      ...given,
      [GONE]: undefined,
      PROCWARD_TEST_NEVER: undefined,
      PATH: `/nowhere:${process.env.PATH}`,
    }
    assert.deepEqual(await environment(env), { ...rest, ...given, PATH: env.PATH })
    assert.equal(process.env[GONE], gone)
  })

  test('has any name: with spaces, accents, from any script, in lower case', async () => {
    const names = [
      '__proto__',
      'lower',
      'with space',
      '1st',
      'naïve',
      'Ärger',
      '变量',
      '🦀',
      'a.b-c',
    ]
    const env = Object.fromEntries(names.map((name) => [name, `value of ${name}`]))
    assert.deepEqual(await environment(env), { ...process.env, ...env })
  })

  test('cannot be given the tag of another server', async () => {
    assert.deepEqual(await environment({ PROCWARD_TAG: 'mine' }), { ...process.env })
  })

  test('can be an object without a prototype or with a getter', async () => {
    const env = Object.assign(Object.create(null), { A: '1' })
    Object.defineProperty(env, 'B', { enumerable: true, get: () => '2' })
    assert.deepEqual(await environment(env), { ...process.env, A: '1', B: '2' })
  })
})
