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

  test('refuses a second destination of an output, and a second source of a stdin', async () => {
    const [source, other, destination] = [sleeping(), sleeping(), spawn('cat')]
    const fed = spawn('cat', { input: [] })
    const piped = source.pipe(destination)
    for (const pipe of [
      () => source.pipe(spawn('none')),
      () => other.pipe(destination),
      () => other.pipe(fed),
      () => piped.pipe(fed),
    ])
      assert.throws(pipe, { code: 'ERR_INVALID_CONFIG' })
    assert.throws(() => piped.pipe(null), { code: 'ERR_INVALID_ARG_TYPE' })
    await Promise.all([fed.exited, ...[source, other].map((process) => process.kill())])
    await assert.rejects(piped, { code: 'ERR_KILLED' })
  })

  test('a refused pair can be connected to others', async () => {
    const [source, destination] = [spawn('echo', ['a']), spawn('cat')]
    const lines = []
    destination.on('line', (line) => lines.push(line))
    const reading = sleeping().on('line', () => {})
    assert.throws(() => reading.pipe(destination), { code: 'ERR_OUTPUT_IN_USE' })
    await source.pipe(destination)
    assert.deepEqual(lines, ['a'])
    await reading.kill()
  })

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
