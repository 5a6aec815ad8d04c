// pipe() from one process of spawn() to another.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { spawn } from '../index.js'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'

const skip = noProcessList
const BYTES = 5_000_000
const exiting = (code) => spawn('sh', ['-c', `exit ${code}`])
const sleeping = () => spawn('sleep', ['1000'])

describe('pipe()', { skip }, () => {
  afterEach(assertNothingLeft)

  test('passes bytes on, and resolves with both results', async () => {
    const lines = []
    const destination = spawn('wc', ['-c']).on('line', (line) => lines.push(line))
    const source = spawn('head', ['-c', `${BYTES}`, '/dev/urandom'])
    const { exitCode, pid, pipedFrom } = await source.pipe(destination)
    assert.deepEqual([exitCode, pid, pipedFrom.length], [0, destination.pid, 1])
    assert.deepEqual([pipedFrom[0].exitCode, pipedFrom[0].pid], [0, source.pid])
    assert.deepEqual(lines.map(Number), [BYTES])
  })

  test('a chain has the results of all', async () => {
    const lines = []
    const last = spawn('wc', ['-c']).on('line', (line) => lines.push(line))
    const source = spawn('head', ['-c', `${BYTES}`, '/dev/zero'])
    const { pipedFrom } = await source.pipe(spawn('cat')).pipe(last)
    assert.equal(pipedFrom[0].pipedFrom[0].pid, source.pid)
    assert.deepEqual(lines.map(Number), [BYTES])
  })

  test('a source that a destination reads no more from has not failed', async () => {
    const { exitCode, pipedFrom } = await spawn('yes').pipe(spawn('head', ['-1']))
    assert.deepEqual([exitCode, pipedFrom[0].signal], [0, 'SIGPIPE'])
  })

  /** @type {[string, () => Promise<unknown>, object][]} */
  const FAILURES = [
    ['the source fails', () => exiting(3).pipe(sleeping()), { exitCode: 3 }],
    ['the destination fails', () => sleeping().pipe(exiting(4)), { exitCode: 4 }],
    ['there is no source', () => spawn('none').pipe(sleeping()), { code: 'ERR_SPAWN' }],
    ['there is no destination', () => spawn('yes').pipe(spawn('none')), { code: 'ERR_SPAWN' }],
    ['the first of three', () => exiting(5).pipe(spawn('cat')).pipe(sleeping()), { exitCode: 5 }],
    ['the last of three', () => spawn('yes').pipe(spawn('cat')).pipe(exiting(6)), { exitCode: 6 }],
  ]
  for (const [name, piped, error] of FAILURES)
    test(`all end with an error: ${name}`, () => assert.rejects(piped(), error))

  test('refuses what is no pair of pipes', async () => {
    const process = sleeping()
    for (const destination of [undefined, null, 'cat', {}, process])
      assert.throws(() => process.pipe(destination), { code: 'ERR_INVALID_ARG_TYPE' })
    const ignoring = spawn('cat', { stdin: 'ignore', stdout: 'ignore' })
    for (const [source, destination] of [
      [process, ignoring],
      [ignoring, process],
    ])
      assert.throws(() => source.pipe(destination), { code: 'ERR_INVALID_CONFIG' })
    await process.kill()
    await ignoring.exited
  })
})
