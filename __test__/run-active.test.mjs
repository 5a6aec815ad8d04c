import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { getActiveProcesses, run, spawn } from '../index.js'
import { noShell, sh } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { until } from './support/until.mjs'

afterEach(assertNothingLeft)

/** Runs until its input ends. */
const WAITING = ['cat']

describe('getActiveProcesses()', { skip: noShell }, () => {
  test('has the documented fields in order while a process runs, and no entry afterwards', async () => {
    assert.deepEqual(getActiveProcesses(), [])
    const before = Date.now()
    const child = spawn(...WAITING, [], { server: 'asana-v2', tool: 'list_workspaces' })
    await until(() => child.pid)
    const active = getActiveProcesses()
    assert.equal(active.length, 1)
    assert.deepEqual(Object.keys(active[0]), ['pid', 'server', 'tool', 'startTime', 'duration'])
    const { startTime, duration, ...rest } = active[0]
    assert.deepEqual(rest, { pid: child.pid, server: 'asana-v2', tool: 'list_workspaces' })
    assert.ok(
      Number.isInteger(startTime) && startTime >= before - 1 && startTime <= Date.now(),
      `startTime ${startTime}`,
    )
    assert.ok(
      Number.isInteger(duration) && duration >= 0 && duration <= Date.now() - before + 1,
      `duration ${duration}`,
    )
    assert.deepEqual(JSON.parse(JSON.stringify(active)), active)
    await child.end()
    await child.exited
    assert.deepEqual(getActiveProcesses(), [])
  })

  test('startTime stays, duration grows, and each call returns a new list', async () => {
    const child = spawn(...WAITING)
    await until(() => child.pid)
    const first = getActiveProcesses()
    await until(() => getActiveProcesses()[0].duration > first[0].duration)
    assert.equal(getActiveProcesses()[0].startTime, first[0].startTime)
    first.length = 0
    assert.equal(getActiveProcesses().length, 1)
    await child.kill()
  })

  test('server and tool are null by default, and any text otherwise', async () => {
    const texts = [undefined, '', 'ü 🦀\n"', 'x'.repeat(10_000)]
    const children = texts.map((text) => spawn(...WAITING, [], { server: text, tool: text }))
    await until(() => getActiveProcesses().length === texts.length)
    const expected = texts.map((text = null) => [text, text])
    assert.deepEqual(
      getActiveProcesses().map(({ server, tool }) => [server, tool]),
      expected,
    )
    assert.deepEqual(
      children.map(({ server, tool }) => [server, tool]),
      expected,
    )
    await Promise.all(children.map((child) => child.kill()))
  })

  test('run() is listed as well, and one entry stands for a whole tree', async () => {
    const controller = new AbortController()
    const running = run(...sh('sleep 60 & (setsid sleep 60 &) ; wait'), {
      server: 's',
      tool: 't',
      signal: controller.signal,
    })
    await until(() => getActiveProcesses().length > 0)
    const [{ pid, server, tool }, ...others] = getActiveProcesses()
    assert.deepEqual([server, tool, others], ['s', 't', []])
    controller.abort()
    await assert.rejects(running, { code: 'ABORT_ERR', pid })
  })

  test('is empty when the promise of a call has settled, for any result', async () => {
    const ways = [
      ['true', []],
      ['false', []],
      ['procward-no-such-command', []],
      ['sleep', ['60'], { timeout: 20 }],
      ['sleep', ['60'], { signal: AbortSignal.timeout(20) }],
      ['sleep', ['60'], { signal: AbortSignal.abort() }],
      ['yes', [], { maxBuffer: 1000 }],
      ['sleep', ['60'], { timeout: -1 }],
    ]
    for (const [command, args, options] of ways) {
      await run(command, args, options).catch(() => {})
      assert.deepEqual(getActiveProcesses(), [], `after ${command}`)
    }
  })

  test('fifty at once have one entry each, in the order of their starts', async () => {
    const names = Array.from({ length: 50 }, (_, at) => `tool ${at}`)
    const children = names.map((tool) => spawn(...WAITING, [], { tool }))
    const outputs = children.map(async (child) => {
      const lines = []
      child.on('line', (line) => lines.push(line))
      await child.exited
      return lines
    })
    await until(() => children.every(({ pid }) => pid))
    const active = getActiveProcesses()
    assert.deepEqual(
      active.map(({ tool }) => tool),
      names,
    )
    assert.deepEqual(
      active.map(({ pid }) => pid),
      children.map(({ pid }) => pid),
    )
    assert.equal(new Set(active.map(({ pid }) => pid)).size, 50)
    for (const child of children.toReversed?.() ?? children) await child.end(`${child.tool}\n`)
    assert.deepEqual(
      await Promise.all(outputs),
      names.map((name) => [name]),
    )
  })

  test('fifty calls at once give fifty right results', async () => {
    const numbers = Array.from({ length: 50 }, (_, at) => at)
    const results = await Promise.all(
      numbers.map((at) =>
        run(...sh(`echo ${at} >&2; cat; exit ${at}`), { input: `${at}`, reject: false }),
      ),
    )
    const expected = numbers.map((at) => [at, `${at}`, `${at}\n`])
    assert.deepEqual(
      results.map(({ exitCode, stdout, stderr }) => [exitCode, stdout, stderr]),
      expected,
    )
  })
})
