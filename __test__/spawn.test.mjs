import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { afterEach, describe, test } from 'node:test'
import { getActiveProcesses, spawn } from '../index.js'
import { noShell, sh } from './support/commands.mjs'
import { assertNothingLeft, isAlive, noProcessList } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'
import { until } from './support/until.mjs'

afterEach(assertNothingLeft)

describe('spawn()', { skip: noShell }, () => {
  test('gives an emitter at once, that has a pid once it has started', async () => {
    const before = Date.now()
    const child = spawn('cat', [], { server: 's', tool: 't' })
    assert.ok(child instanceof EventEmitter)
    const { pid, server, tool, startTime } = child
    assert.deepEqual({ pid, server, tool }, { pid: null, server: 's', tool: 't' })
    assert.ok(Number.isInteger(startTime) && startTime >= before && startTime <= Date.now())
    const [started] = await once(child, 'spawn')
    assert.equal(child.pid, started)
    assert.equal(getActiveProcesses()[0].pid, started)
    await child.end()
    await child.exited
    assert.equal(child.pid, started)
  })

  test('the pid is that of the command itself', async () => {
    const child = spawn(...sh('echo $$'))
    const [line] = await once(child, 'line')
    assert.equal(Number(line), child.pid)
    await child.exited
  })

  test("'spawn' comes before the first line, also when the command was quick", async () => {
    const events = []
    const child = spawn('echo', ['one'])
    // The command exits while this thread can take no event.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
    child.on('spawn', () => events.push('spawn')).on('line', () => events.push('line'))
    await child.exited
    assert.deepEqual(events, ['spawn', 'line'])
  })

  test('emits its events in the documented order and with their values', async () => {
    const child = spawn(...sh('echo one; echo two; exit 3'))
    const events = []
    for (const name of ['spawn', 'line', 'errorLine', 'exit'])
      child.on(name, (...values) => events.push([name, ...values]))
    const error = await child.exited.catch((reason) => reason)
    await until(() => events.length === 4)
    assert.deepEqual(events, [
      ['spawn', child.pid],
      ['line', 'one'],
      ['line', 'two'],
      ['exit', null, error],
    ])
  })

  test('exited resolves like run(), with outputs that were lines left empty, and the tail of stderr', async () => {
    const child = spawn(...sh('echo out; echo error >&2'))
    const heard = once(child, 'exit')
    const { pid, duration, ...rest } = await child.exited
    assert.deepEqual(rest, {
      exitCode: 0,
      signal: null,
      stdout: '',
      stderr: 'error\n',
      timedOut: false,
      truncated: false,
    })
    assert.equal(pid, child.pid)
    assert.ok(Number.isInteger(duration), `duration ${duration} is whole milliseconds`)
    assert.deepEqual(await heard, [await child.exited, null])
  })

  test('the tail of a long stderr is its last 64 KiB', async () => {
    const child = spawn(
      ...sh('i=0; while [ $i -lt 30000 ]; do i=$((i+1)); echo "line $i"; done >&2; exit 1'),
    )
    await assert.rejects(
      child.exited,
      ({ stderr }) => stderr.length === 64 * 1024 && stderr.endsWith('line 29999\nline 30000\n'),
    )
  })

  test('reject: false resolves', async () => {
    const { exitCode } = await spawn('false', [], { reject: false }).exited
    assert.equal(exitCode, 1)
  })

  test('timeout, abort and signals reject exited, and the exit event has the same error', async () => {
    for (const [options, code] of [
      [{ timeout: 50 }, 'ERR_CALL_TIMEOUT'],
      [{ signal: AbortSignal.timeout(50) }, 'ABORT_ERR'],
      [{ signal: AbortSignal.abort() }, 'ABORT_ERR'],
    ]) {
      const child = spawn('sleep', ['60'], options)
      const heard = once(child, 'exit')
      const error = await child.exited.catch((reason) => reason)
      assert.equal(error.code, code)
      assert.deepEqual(await heard, [null, error])
    }
  })

  test('an unhandled rejection of exited does not end the server, and a later handler gets it', async () => {
    const program = `
      import { spawn } from 'procward'
      const failed = spawn('false')
      spawn('procward-no-such-command')
      spawn('sleep', ['60'], { signal: AbortSignal.abort() })
      failed.on('exit', () => setTimeout(async () => {
        const { code } = await failed.exited.catch((error) => error)
        console.log('still here', code)
      }, 20))`
    assert.deepEqual(await outcomeOf(program), {
      code: 0,
      signal: null,
      stdout: 'still here ERR_EXIT',
      stderr: '',
    })
  })
})

describe('kill()', { skip: noProcessList }, () => {
  test('resolves once the whole tree has exited', async () => {
    const child = spawn(...sh('sleep 60 & echo $!; echo $$; wait'))
    const pids = []
    child.on('line', (line) => pids.push(line))
    await until(() => pids.length === 2)
    assert.equal(await child.kill(), undefined)
    assert.deepEqual(pids.filter(isAlive), [])
    await assert.rejects(child.exited, { code: 'ERR_KILLED', signal: 'SIGTERM', timedOut: false })
  })

  test('its killGrace is the one that counts', async () => {
    const child = spawn(...sh(`trap '' TERM; echo ready; while :; do sleep 0.05; done`), {
      killGrace: 2 ** 31 - 1,
    })
    await once(child, 'line')
    await child.kill({ killGrace: 20 })
    await assert.rejects(child.exited, { code: 'ERR_KILLED', signal: 'SIGKILL' })
  })

  test('has no effect after the exit', async () => {
    const child = spawn('true')
    const result = await child.exited
    await child.kill()
    assert.equal(await child.exited, result)
  })

  test('a shorter killGrace in a second kill() takes effect', async () => {
    const child = spawn(...sh(`trap 'echo asked' TERM; echo ready; while :; do sleep 0.05; done`), {
      killGrace: 60_000,
    })
    child.on('line', (line) => child.kill(line === 'ready' ? {} : { killGrace: 20 }))
    let patient = true
    const end = setTimeout(() => {
      patient = false
      process.kill(child.pid, 'SIGKILL')
    }, 15_000)
    await child.exited.catch(() => {})
    clearTimeout(end)
    assert.ok(patient, 'the second kill() did nothing')
  })
})
