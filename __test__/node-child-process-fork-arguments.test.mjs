import assert from 'node:assert/strict'
import { copyFileSync, linkSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { closed, nothingLeft, programs, SUCCESS, statusOf } from './node-child-process/endings.mjs'
import { fork, spawn } from './node-child-process/module.mjs'

/** The path of a program that takes no arguments. */
const besidePrograms = (name) => join(dirname(programs), name)
const WRONG_TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }

afterEach(nothingLeft)

describe('the arguments of fork', () => {
  const wrong = [0, true, () => {}, Symbol('t')]

  test('begin with a path', () => {
    for (const path of [...wrong, undefined, null, [], {}])
      assert.throws(() => fork(path), WRONG_TYPE)
  })

  test('may end after the path', async () => {
    assert.deepEqual(statusOf(await closed(fork(besidePrograms('empty.cjs')))), SUCCESS)
  })

  test('have a list of arguments or options as the second', () => {
    for (const args of wrong) assert.throws(() => fork(programs, args), WRONG_TYPE)
  })

  test('have options as the third', () => {
    for (const options of wrong) assert.throws(() => fork(programs, [], options), WRONG_TYPE)
  })

  for (const args of [undefined, null, []])
    test(`have options after ${args ? 'an empty list' : args}`, async () => {
      const env = { ...process.env, foo: 'bar' }
      const child = fork(besidePrograms('environment.cjs'), args, { env })
      const { messages, ...rest } = await closed(child)
      assert.equal(messages.length, 1)
      assert.equal(messages[0].env.foo, 'bar')
      assert.deepEqual(statusOf(rest), SUCCESS)
    })
})

describe('the program of fork', () => {
  test('gets the execArgv of its parent', async () => {
    const execArgv = ['--stack-size=256']
    const child = spawn(process.execPath, [...execArgv, programs, 'forkExecArgv'])
    const { stdout, ...rest } = await closed(child)
    assert.deepEqual(JSON.parse(stdout), execArgv)
    assert.deepEqual(statusOf(rest), SUCCESS)
  })

  test('runs with the Node.js of execPath', async (t) => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procward-')))
    t.after(() => rmSync(folder, { recursive: true }))
    const execPath = join(folder, 'node-copy.exe')
    try {
      linkSync(process.execPath, execPath)
    } catch {
      copyFileSync(process.execPath, execPath)
    }
    const { messages, ...rest } = await closed(fork(programs, ['sendArgv0'], { execPath }))
    assert.deepEqual(messages, [{ argv0: execPath }])
    assert.deepEqual(statusOf(rest), SUCCESS)
  })

  test('can spawn', async () => {
    assert.deepEqual(statusOf(await closed(fork(programs, ['spawnNothing']))), SUCCESS)
  })
})

describe('the events of fork', () => {
  test('are message, exit and close, each once', async () => {
    const child = fork(programs, ['sayHello'])
    const events = []
    child.on('message', (message) => events.push(['message', message]))
    child.on('exit', () => events.push(['exit']))
    child.on('close', () => events.push(['close']))
    await closed(child)
    assert.deepEqual(events.toSorted(), [['close'], ['exit'], ['message', 'hello']])
    assert.deepEqual(events.at(-1), ['close'])
  })
})

describe('an AbortSignal of fork', () => {
  const start = (options) => fork(programs, ['forever'], options)

  function assertAborted({ errors, ...rest }, signal = 'SIGTERM') {
    assert.deepEqual(statusOf(rest), { code: null, signal })
    assert.deepEqual(
      errors.map(({ name }) => name),
      ['AbortError'],
    )
  }

  test('ends the child', async () => {
    const controller = new AbortController()
    const ending = closed(start({ signal: controller.signal }))
    process.nextTick(() => controller.abort())
    assertAborted(await ending)
  })

  test('aborted before ends the child', async () => {
    assertAborted(await closed(start({ signal: AbortSignal.abort() })))
  })

  test('uses killSignal', async () => {
    const options = { signal: AbortSignal.abort(), killSignal: 'SIGKILL' }
    assertAborted(await closed(start(options)), 'SIGKILL')
  })

  test('aborted after exit does nothing', async () => {
    const controller = new AbortController()
    const child = start({ signal: controller.signal })
    child.on('exit', () => controller.abort())
    const ending = closed(child)
    setTimeout(() => child.kill(), 1)
    assert.deepEqual((await ending).errors, [])
    assert.equal(controller.signal.aborted, true)
  })
})
