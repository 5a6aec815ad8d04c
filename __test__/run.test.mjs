import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { afterEach, describe, test } from 'node:test'
import { run } from '../index.js'
import { noShell, sh } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'

afterEach(assertNothingLeft)

/** What a run gives whose command wrote and failed in nothing. */
const NOTHING = {
  exitCode: 0,
  signal: null,
  stdout: '',
  stderr: '',
  timedOut: false,
  truncated: false,
}

describe('the result of run()', { skip: noShell }, () => {
  test('has the documented fields, and no others', async () => {
    const { pid, duration, ...rest } = await run(...sh('echo out; echo error >&2'))
    assert.deepEqual(rest, { ...NOTHING, stdout: 'out\n', stderr: 'error\n' })
    assert.ok(Number.isInteger(pid) && pid > 1, `pid ${pid}`)
    assert.ok(
      Number.isInteger(duration) && duration >= 0,
      `duration ${duration} is whole milliseconds`,
    )
  })

  test('has the pid of the command itself', async () => {
    const { pid, stdout } = await run(...sh('echo $$'))
    assert.equal(stdout, `${pid}\n`)
    const child = await run(process.execPath, ['--print', 'process.pid'])
    assert.equal(child.stdout, `${child.pid}\n`)
  })

  test('needs no arguments and options, and accepts undefined options', async () => {
    const options = [
      'cwd',
      'encoding',
      'env',
      'input',
      'killGrace',
      'maxBuffer',
      'reject',
      'server',
      'signal',
      'timeout',
      'tool',
    ]
    const missing = Object.fromEntries(options.map((name) => [name, undefined]))
    for (const ending of [[], [undefined], [[]], [[], undefined], [[], {}], [[], missing]]) {
      const { pid, duration, ...rest } = await run('true', ...ending)
      assert.deepEqual(rest, NOTHING)
    }
  })

  test('counts the time', async () => {
    const before = performance.now()
    const { duration } = await run('sleep', ['0.2'])
    assert.ok(duration >= 199 && duration <= performance.now() - before + 1, `duration ${duration}`)
  })
})

describe('exit codes', { skip: noShell }, () => {
  for (const code of [1, 2, 3, 42, 126, 127, 128, 137, 143, 254, 255])
    test(`${code} rejects with ERR_EXIT`, async () => {
      const [command, args] = sh(`echo out; echo 'what went wrong' >&2; exit ${code}`)
      await assert.rejects(run(command, args), (error) => {
        const { name, message, pid, duration, code: errorCode, ...rest } = error
        assert.ok(error instanceof Error)
        assert.equal(errorCode, 'ERR_EXIT')
        assert.equal(message, `/bin/sh exited with code ${code}: what went wrong`)
        assert.deepEqual(rest, {
          ...NOTHING,
          exitCode: code,
          stdout: 'out\n',
          stderr: 'what went wrong\n',
        })
        return pid > 1 && duration >= 0
      })
      const { exitCode, stdout } = await run(command, args, { reject: false })
      assert.deepEqual([exitCode, stdout], [code, 'out\n'])
    })
})

describe('signals', { skip: noShell }, () => {
  for (const signal of [
    'SIGHUP',
    'SIGINT',
    'SIGQUIT',
    'SIGABRT',
    'SIGKILL',
    'SIGUSR1',
    'SIGSEGV',
    'SIGPIPE',
    'SIGALRM',
    'SIGTERM',
  ])
    test(`${signal} rejects with ERR_EXIT`, async () => {
      const [command, args] = sh(`ulimit -c 0; kill -${constants.signals[signal]} $$; sleep 60`)
      const expected = {
        code: 'ERR_EXIT',
        message: `/bin/sh was terminated by ${signal}`,
        exitCode: null,
        signal,
        timedOut: false,
      }
      await assert.rejects(run(command, args), expected)
      const result = await run(command, args, { reject: false })
      assert.deepEqual([result.exitCode, result.signal], [null, signal])
    })

  test('a signal without a name has its number', async () => {
    const { signal } = await run(...sh('kill -40 $$; sleep 60'), { reject: false })
    assert.equal(signal, 'SIG40')
  })
})

describe('the message of ERR_EXIT', { skip: noShell }, () => {
  test('ends with the tail of a long stderr, and the error has all of it', async () => {
    const script = 'i=0; while [ $i -lt 1000 ]; do i=$((i+1)); echo "line $i" >&2; done; exit 1'
    await assert.rejects(run(...sh(script)), ({ message, stderr }) => {
      assert.match(message, /^\/bin\/sh exited with code 1: …(?:.|\n)*line 999\nline 1000$/)
      assert.ok(message.length < 1100, `${message.length} characters`)
      assert.ok(stderr.startsWith('line 1\n'))
      return true
    })
  })

  test('is short without stderr, and includes a stderr kept as bytes', async () => {
    await assert.rejects(run('false'), { code: 'ERR_EXIT', message: 'false exited with code 1' })
    const bytes = run(...sh('printf bad >&2; exit 1'), { encoding: 'buffer' })
    await assert.rejects(bytes, {
      message: '/bin/sh exited with code 1: bad',
      stderr: Buffer.from('bad'),
    })
  })
})
