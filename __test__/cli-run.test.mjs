// `procward run`, which runs a command and leaves no process of it behind.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { after, describe, test } from 'node:test'
import { bin, procward } from './support/cli.mjs'
import { assertNothingLeft, isAlive, noProcessList } from './support/processes.mjs'
import { inTerminal, KEYS, noTerminal } from './support/terminals.mjs'
import { until } from './support/until.mjs'

const skip = noProcessList
const { execPath } = process
const folder = mkdtempSync(`${tmpdir()}/procward-run-`)

after(() => {
  rmSync(folder, { recursive: true })
  if (!skip) assertNothingLeft()
})

/**
 * Two descendants of which one has left the session; both ignore SIGTERM. Their pids are written
 * last: from then on the shell itself no longer ignores SIGTERM.
 */
const LEFT = `
  trap '' TERM; sleep 1000 & first=$!; setsid sleep 1000 & second=$!; trap - TERM
  echo $first; echo $second`
/** Writes the names of the signals that it gets, and ends at the word that it reads. */
const LISTENER = `
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH',
    'SIGCONT', 'SIGTSTP']) process.on(name, () => console.log(name))
  process.stdin.on('data', (data) => String(data).includes('end') && process.exit(5))
  console.log('ready')`

for (const warden of ['on', 'off'])
  describe(`with wardens ${warden}`, () => {
    const env = { PROCWARD_WARDEN: warden }
    const isOff = warden === 'off'

    describe('exit codes', () => {
      /** @type {[string[], number, RegExp][]} */
      const CODES = [
        [['--', 'true'], 0, /^$/],
        [['sh', '-c', 'exit 7'], 7, /^$/],
        [['--', 'sh', '-c', 'kill -TERM $$'], 143, /^$/],
        [['--', 'sh', '-c', 'kill -KILL $$'], 137, /^$/],
        [['--', 'sh', '-c', 'kill -34 $$'], 162, /^$/],
        [['--', 'no-such-command'], 127, /^procward: spawn no-such-command ENOENT\n$/],
        [['--', folder], 126, /^procward: spawn .* EACCES\n$/],
        [
          ['--timeout', '100ms', '--', 'sleep', '1000'],
          124,
          /^procward: timed out after 100 ms\n$/,
        ],
        [['--timeout', '0.1', '--quiet', 'sleep', '1000'], 124, /^$/],
        [['--timeout', '1d', 'sh', '-c', 'exit 3'], 3, /^$/],
      ]
      for (const [args, code, stderr] of CODES)
        test(args.join(' '), { skip }, async () => {
          const outcome = await procward(['run', ...args], { env })
          assert.deepEqual([outcome.code, outcome.signal, outcome.stdout], [code, null, ''])
          assert.match(outcome.stderr, stderr)
        })

      test('a name that is too long cannot be executed', { skip }, async () => {
        const outcome = await procward(['run', '--', 'x'.repeat(5000)], { env })
        assert.equal(outcome.code, 126)
        assert.match(outcome.stderr, /^procward: /)
      })

      test('SIGINT of the command is that of the wrapper, for shell scripts', {
        skip,
      }, async () => {
        const outcome = await procward(['run', '--', 'sh', '-c', 'kill -INT $$'], { env })
        assert.deepEqual([outcome.code, outcome.signal], [null, 'SIGINT'])
        const script = '"$0" "$1" run -- sh -c "kill -INT \\$\\$"; echo $?'
        const { stdout } = await procward([], { env, wrapper: ['sh', '-c', script, execPath, bin] })
        assert.equal(stdout, '130\n')
      })
    })

    test('streams and all arguments of the command are its own', { skip }, async () => {
      const script = 'cat; echo "$@"; echo error >&2'
      const args = ['run', '-q', 'sh', '-c', script, 'sh', '--json', '--', '-q', '--timeout']
      const outcome = await procward(args, { env, onStart: ({ stdin }) => stdin.end('input\n') })
      assert.deepEqual(outcome, {
        code: 0,
        signal: null,
        stdout: 'input\n--json -- -q --timeout\n',
        stderr: 'error\n',
      })
    })

    test('what the command leaves behind is ended before the exit', { skip }, async () => {
      const outcome = await procward(['run', '--grace', '50', 'sh', '-c', `${LEFT}; exit 4`], {
        env,
      })
      const pids = outcome.stdout.trim().split('\n')
      assert.deepEqual([outcome.code, outcome.stderr, pids.length], [4, '', 2])
      assert.deepEqual(pids.filter(isAlive), [])
    })

    test('the timeout ends the whole tree, also one that ignores SIGTERM', { skip }, async () => {
      const command = `${LEFT}; trap '' TERM; while :; do sleep 1; done`
      const args = ['run', '--timeout', '500ms', '--grace', '50', 'sh', '-c', command]
      const { code, stdout } = await procward(args, { env })
      const pids = stdout.trim().split('\n')
      assert.deepEqual([code, pids.length, pids.filter(isAlive)], [124, 2, []])
    })

    test('SIGKILL of the wrapper ends the whole tree', { skip: skip || isOff }, async () => {
      const running = started(['sh', '-c', `${LEFT}; echo $$; sleep 1000`], env)
      const pids = await until(() => lines(running.output).length === 3 && lines(running.output))
      assert.deepEqual(pids.filter(isAlive), pids)
      running.child.kill('SIGKILL')
      assert.equal((await running.exit).signal, 'SIGKILL')
      await until(() => !pids.some(isAlive))
    })

    describe('signals of another process', { skip }, () => {
      for (const name of /** @type {const} */ ([
        'SIGINT',
        'SIGTERM',
        'SIGHUP',
        'SIGQUIT',
        'SIGUSR1',
        'SIGUSR2',
        'SIGWINCH',
        'SIGCONT',
      ]))
        test(`${name} is passed on`, async () => {
          const running = started([execPath, '-e', LISTENER], env)
          await until(() => running.output.includes('ready'))
          running.child.kill(name)
          await until(() => running.output.includes(name))
          running.child.stdin.write('end')
          assert.deepEqual(await running.exit, { code: 5, signal: null })
          assert.deepEqual(lines(running.output), ['ready', name])
        })

      test('SIGTSTP stops both, and SIGCONT resumes both', async () => {
        const running = started([execPath, '-e', LISTENER], env)
        await until(() => running.output.includes('ready'))
        running.child.kill('SIGTSTP')
        await until(() => running.output.includes('SIGTSTP'))
        await until(() => isStopped(running.child.pid))
        running.child.kill('SIGCONT')
        await until(() => running.output.includes('SIGCONT'))
        running.child.stdin.write('end')
        assert.deepEqual(await running.exit, { code: 5, signal: null })
      })

      test('a signal that ends the command ends the rest', async () => {
        const running = started(['sh', '-c', `${LEFT}; exec sleep 1000`], env, ['--grace', '50'])
        const pids = await until(() => lines(running.output).length === 2 && lines(running.output))
        running.child.kill('SIGTERM')
        assert.deepEqual(await running.exit, { code: 143, signal: null })
        assert.deepEqual(pids.filter(isAlive), [])
      })
    })

    describe('in a terminal', { skip: noTerminal }, () => {
      const own = (/** @type {string[]} */ ...command) => [
        'env',
        `PROCWARD_WARDEN=${warden}`,
        execPath,
        bin,
        'run',
        '--',
        ...command,
      ]

      test('the command reads from the terminal and sees one', async (t) => {
        const script = 'test -t 0 -a -t 1 -a -t 2 && read line && echo "got <$line>"; exit 6'
        const terminal = inTerminal(own('sh', '-c', script), t)
        terminal.type('hello\n')
        assert.equal(await terminal.exit, 6)
        assert.match(terminal.output, /got <hello>/)
      })

      test('Ctrl+C reaches the command once', async (t) => {
        const command = own(execPath, '-e', LISTENER)
        const terminal = inTerminal(['sh', '-c', 'echo "pid <$$>"; exec "$@"', 'sh', ...command], t)
        await until(() => terminal.output.includes('ready'))
        terminal.type(KEYS.interrupt)
        await until(() => terminal.output.includes('SIGINT'))
        // A second SIGINT would have been passed on before this signal.
        process.kill(Number(/pid <(\d+)>/.exec(terminal.output)?.[1]), 'SIGUSR2')
        await until(() => terminal.output.includes('SIGUSR2'))
        terminal.type('end\n')
        assert.equal(await terminal.exit, 5)
        assert.deepEqual(terminal.output.match(/SIG\w+/g), ['SIGINT', 'SIGUSR2'])
      })

      test('Ctrl+C reaches a command that has left the process group', async (t) => {
        const terminal = inTerminal(own('setsid', execPath, '-e', LISTENER), t)
        await until(() => terminal.output.includes('ready'))
        terminal.type(KEYS.interrupt)
        await until(() => terminal.output.includes('SIGINT'))
        terminal.type('end\n')
        assert.equal(await terminal.exit, 5)
      })

      test('Ctrl+Z stops the job, and fg resumes it', async (t) => {
        const script = `set -m; "$@"; echo "stopped <$?>"; fg; echo "ended <$?>"`
        const job = own('sh', '-c', 'echo ready; cat; exit 9')
        const terminal = inTerminal(['bash', '-c', script, 'bash', ...job], t)
        await until(() => terminal.output.includes('ready'))
        terminal.type(KEYS.suspend)
        await until(() => /stopped <14[78]>/.test(terminal.output))
        terminal.type('hello\n')
        await until(() => terminal.output.match(/hello/g)?.length === 2)
        terminal.type(KEYS.endOfFile)
        assert.equal(await terminal.exit, 0)
        assert.match(terminal.output, /ended <9>/)
      })
    })
  })

/**
 * Starts `procward run`.
 * @param {string[]} command
 * @param {Record<string, string>} env
 * @param {string[]} [options]
 */
function started(command, env, options = []) {
  const child = spawn(execPath, [bin, 'run', ...options, '--', ...command], {
    env: { ...process.env, ...env },
  })
  const running = {
    child,
    output: '',
    exit: new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal }))),
  }
  child.stdout.setEncoding('utf8').on('data', (text) => {
    running.output += text
  })
  return running
}

/** @param {string} output */
function lines(output) {
  return output.split('\n').filter(Boolean)
}

/** @param {number | undefined} pid */
function isStopped(pid) {
  return /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}
