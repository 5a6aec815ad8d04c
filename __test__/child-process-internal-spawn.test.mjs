import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import counts from '../lib/child-process/counts.js'
import guarding from '../lib/child-process/guard.js'
import internal from '../lib/child-process/internal-spawn.js'

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

  for (const values of [[{ file, stdio }], [file, args, null, [], stdio, 0, 1, 2]])
    test(`have a failing counterpart of ${values.length}`, () => {
      const failing = failingArguments(values)
      assert.equal(failing.length, values.length)
      assert.deepEqual(spawnOptions(failing)?.stdio, [{ type: 'fd', fd: -1 }])
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
