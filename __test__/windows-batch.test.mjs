import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { delimiter } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { run } from '../index.js'
import { assertNothingLeft } from './support/processes.mjs'
import { batch, noWindows, pidFolder } from './support/windows.mjs'

afterEach(assertNothingLeft)

const ECHO = ['--eval', 'console.log(JSON.stringify(process.argv.slice(1)))', '--']

/**
 * wine's own cmd.exe takes the empty part of a variable, which keeps the real one from expanding
 * others, as text.
 */
const wine = existsSync('C:\\windows\\system32\\winecfg.exe') && "wine's cmd.exe differs"

/** Texts that mean something to cmd.exe. */
const TEXTS = {
  empty: '',
  spaces: ' a  b ',
  'double quotes': 'say "hi"',
  'an odd number of them': '"',
  'a path': 'C:\\Program Files\\',
  operators: 'a & b | c && d || e > f < g',
  parentheses: '(a) [b] {c}',
  'a caret': '^ ^^ ^&',
  'quotes and an operator': '" & echo injected "',
  'an exclamation mark': '!PATH! !',
  separators: 'a,b;c=d',
  accents: 'äöü',
  JSON: JSON.stringify({ a: [1, { b: 'c "d" é' }], 'e f': null }),
}

describe('a batch file, such as npx, is a command like any other', { skip: noWindows }, () => {
  for (const [what, text] of Object.entries(TEXTS))
    test(`its arguments arrive: ${what}`, async (t) => {
      const file = batch(pidFolder(t), 'shim')
      const { stdout } = await run(file, [...ECHO, text, 'last'])
      assert.deepEqual(JSON.parse(stdout), [text, 'last'])
    })

  test('a variable is not expanded', { skip: wine }, async (t) => {
    const file = batch(pidFolder(t), 'shim')
    const { stdout } = await run(file, [...ECHO, '%OS% %PROCWARD_X%'], {
      env: { PROCWARD_X: 'expanded' },
    })
    assert.deepEqual(JSON.parse(stdout), ['%OS% %PROCWARD_X%'])
  })

  test('it is found by its bare name, on the PATH of the call', async (t) => {
    const pids = pidFolder(t)
    batch(pids, 'some-shim')
    const env = { PATH: `C:\\nowhere${delimiter}${pids.folder}` }
    const { stdout } = await run('some-shim', [...ECHO, 'a b'], { env })
    assert.deepEqual(JSON.parse(stdout), ['a b'])
  })

  for (const text of ['one\ntwo', 'one\rtwo'])
    test(`an argument that cmd.exe would cut off is refused: ${JSON.stringify(text)}`, async (t) => {
      const file = batch(pidFolder(t), 'shim')
      const check = ({ code, message, cause }) =>
        code === 'ERR_SPAWN' && /batch file/.test(message) && cause.code === 'EINVAL'
      await assert.rejects(run(file, [...ECHO, text]), check)
    })
})
