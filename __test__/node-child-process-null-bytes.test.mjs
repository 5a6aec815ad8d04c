import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { nothingLeft, programs } from './node-child-process/endings.mjs'
import { exec, execFile, fork, spawn } from './node-child-process/module.mjs'

const NUL = 'BBB\0XXX'
const node = process.execPath

afterEach(nothingLeft)

describe('a null byte is refused', () => {
  const refuse = (name, calls) =>
    test(name, () => {
      for (const call of calls)
        assert.throws(call, { code: 'ERR_INVALID_ARG_VALUE', name: 'TypeError' })
    })
  const neverCalled = () => assert.fail('called back')
  const inOption = (options) => [
    () => exec(node, options, neverCalled),
    () => execFile(node, options, neverCalled),
    () => fork(programs, options),
    () => spawn(node, options),
  ]

  refuse('in a command line', [
    () => exec(`${node} ${programs} AAA ${NUL} CCC`, neverCalled),
    () => exec(`${NUL} AAA CCC`, neverCalled),
  ])
  refuse('in the file', [() => spawn(NUL), () => execFile(NUL, neverCalled), () => fork(NUL)])
  refuse('in an argument', [
    () => execFile(node, [programs, 'AAA', NUL, 'CCC'], neverCalled),
    () => fork(programs, ['AAA', NUL, 'CCC']),
    () => spawn(node, [programs, 'AAA', NUL, 'CCC']),
  ])
  refuse('in cwd', inOption({ cwd: NUL }))
  refuse('in argv0', inOption({ argv0: NUL }))
  // A fork has no shell.
  refuse('in shell', inOption({ shell: NUL }).toSpliced(2, 1))
  refuse('in a value of env', inOption({ env: { AAA: NUL } }))
  refuse('in a name of env', inOption({ env: { [NUL]: 'AAA' } }))
  refuse('in execPath', [() => fork(programs, { execPath: NUL })])
  refuse('in execArgv', [() => fork(programs, { execArgv: ['AAA', NUL, 'CCC'] })])
})
