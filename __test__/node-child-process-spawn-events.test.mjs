import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { afterEach, describe, test } from 'node:test'
import { getSystemErrorName } from 'node:util'
import { closed, nothingLeft, programs, SUCCESS, statusOf } from './node-child-process/endings.mjs'
import { ChildProcess, execFile, spawn } from './node-child-process/module.mjs'

afterEach(nothingLeft)

describe('the event error', () => {
  test('tells what could not be started', async () => {
    const file = 'missing-command'
    const args = ['argument']
    assert.equal(existsSync(file), false)
    const child = spawn(file, args)
    let spawns = 0
    child.on('spawn', () => spawns++)
    const ending = closed(child)
    for (const stream of [child.stdin, child.stdout, child.stderr])
      assert.notEqual(stream, undefined)
    assert.deepEqual(child.stdio, [child.stdin, child.stdout, child.stderr])
    assert.equal(child.pid, undefined)

    const { errors } = await ending
    assert.equal(errors.length, 1)
    const [error] = errors
    assert.equal(error.code, 'ENOENT')
    assert.equal(getSystemErrorName(error.errno), 'ENOENT')
    assert.equal(error.syscall, `spawn ${file}`)
    assert.equal(error.path, file)
    assert.deepEqual(error.spawnargs, args)
    assert.equal(spawns, 0)
  })
})

describe('the event spawn', () => {
  test('comes once, before all others', async () => {
    const child = spawn(process.execPath, [programs, 'echo'])
    const events = []
    child.on('spawn', () => events.push('spawn'))
    for (const name of ['error', 'exit', 'close']) child.on(name, () => events.push(name))
    for (const stream of ['stdout', 'stderr'])
      for (const name of ['data', 'end', 'close'])
        child[stream].on(name, () => events.push(`${stream} ${name}`))
    child.stdin.end()
    const { stdout } = await closed(child)
    assert.equal(stdout, 'hello world\r\n')
    assert.equal(events[0], 'spawn')
    assert.equal(events.at(-1), 'close')
    const expected = ['close', 'exit', 'spawn', 'stderr close', 'stderr end']
    const outputs = ['stdout close', 'stdout data', 'stdout end']
    assert.deepEqual(events.toSorted(), [...expected, ...outputs])
  })
})

describe('windowsHide', () => {
  const arguments_ = [process.execPath, ['-p', '42'], { windowsHide: true }]

  test('is handed on by spawn', async (t) => {
    const spy = t.mock.method(ChildProcess.prototype, 'spawn')
    const ending = await closed(spawn(...arguments_))
    assert.deepEqual(statusOf(ending), SUCCESS)
    assertHidden(spy)
  })

  test('is handed on by execFile', async (t) => {
    const spy = t.mock.method(ChildProcess.prototype, 'spawn')
    const outputs = await new Promise((resolve) => {
      execFile(...arguments_, (...results) => resolve(results))
    })
    assert.deepEqual(outputs, [null, '42\n', ''])
    assertHidden(spy)
  })

  function assertHidden({ mock }) {
    assert.equal(mock.callCount(), 1)
    assert.equal(mock.calls[0].arguments[0].windowsHide, true)
  }
})

describe('noDeprecation', () => {
  test('in a child silences its warnings', async () => {
    const { stderr, ...rest } = await closed(spawn(process.execPath, [programs, 'warnSilently']))
    assert.equal(stderr, '')
    assert.deepEqual(statusOf(rest), SUCCESS)
  })
})
