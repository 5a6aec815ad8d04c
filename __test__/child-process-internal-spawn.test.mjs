import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import counts from '../lib/child-process/counts.js'
import guarding from '../lib/child-process/guard.js'
import internal from '../lib/child-process/internal-spawn.js'
import requests from '../lib/child-process/request.js'

const { failingArguments, spawnOptions } = internal

describe('the arguments of the internal spawn of Node.js', () => {
  const stdio = [{ type: 'ignore' }]
  const file = '/bin/true'
  const args = ['true']

  test('are one object in older versions', () => {
    const options = { file, args, stdio, detached: true }
    assert.equal(spawnOptions([options]), options)
  })

  for (const [flags, detached] of /** @type {const} */ ([
    [0, false],
    [1, true],
    [2, false],
    [3, true],
  ]))
    test(`are eight values in newer versions, with the flags ${flags}`, () => {
      const values = [file, args, '/', ['A=1'], stdio, flags, 1, 2]
      const common = { file, args, cwd: '/', envPairs: ['A=1'], stdio, uid: 1, gid: 2 }
      assert.deepEqual(spawnOptions(values), { ...common, detached })
    })

  for (const values of [
    [],
    [undefined],
    [{}],
    [{ file }],
    [{ file, stdio: {} }],
    [file, args, stdio],
    [file, args, null, [], stdio, true, 1, 2],
    [file, args, null, [], stdio, 0, 1, 2, 3],
    [1, args, null, [], stdio, 0, 1, 2],
  ])
    test(`may be of an unknown form: ${JSON.stringify(values)}`, () => {
      assert.equal(spawnOptions(values), undefined)
    })

  test('have a failing counterpart in older versions alone', () => {
    const [failing] = failingArguments([{ file, stdio }]) ?? []
    assert.deepEqual(failing.stdio, [{ type: 'fd', fd: -1 }])
    assert.equal(failingArguments([file, args, null, [], stdio, 0, 1, 2]), undefined)
  })
})

test('Node.js starts a child that it describes in an unknown way', {
  skip: process.platform !== 'linux' && 'no guard here whatever the form',
}, () => {
  /** @type {any[]} */
  const started = []
  const spawn = (/** @type {any[]} */ ...values) => started.push(values) - 1
  const handle = Object.create({ spawn })
  const { version } = counts.childCounts().unguarded
  guarding.guard({ _handle: handle })
  assert.equal(handle.spawn('/bin/true', 'of', 'tomorrow'), 0)
  assert.deepEqual(started, [['/bin/true', 'of', 'tomorrow']])
  assert.equal(counts.childCounts().unguarded.version, version + 1)
})

describe('PROCWARD_KEEP, where Node.js does not tell whether the caller gave an environment', () => {
  const keep = process.env.PROCWARD_KEEP
  afterEach(() => {
    if (keep === undefined) delete process.env.PROCWARD_KEEP
    else process.env.PROCWARD_KEEP = keep
  })

  for (const [name, own, expected] of /** @type {const} */ ([
    ['a value that only the child has stays', undefined, 'A=1 PROCWARD_KEEP=1'],
    ['another value than this process has stays', '0', 'A=1 PROCWARD_KEEP=1'],
    ['the value of this process is not inherited', '1', 'A=1'],
  ]))
    test(name, () => {
      delete process.env.PROCWARD_KEEP
      if (own !== undefined) process.env.PROCWARD_KEEP = own
      const envPairs = ['A=1', 'PROCWARD_KEEP=1']
      const options = { file: 'true', args: ['true'], envPairs, stdio: [{ type: 'ignore' }] }
      const { environment } = requests.childRequest(options, undefined) ?? {}
      assert.equal(environment?.replaceAll('\0', ' ').trim(), `${expected} PROCWARD_REGISTERED=1`)
    })
})
