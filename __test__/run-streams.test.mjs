// The standard streams of run() and spawn() that are no pipes, below a warden and without.

import assert from 'node:assert/strict'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { after, afterEach, beforeEach, describe, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { run, spawn } from '../index.js'
import { assertNothingLeft, isAlive, noProcessList } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'
import { inTerminal, KEYS, noTerminal } from './support/terminals.mjs'
import { until } from './support/until.mjs'
import { withWarden } from './support/warden.mjs'

const skip = noProcessList
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(`${tmpdir()}/procward-streams-`)
const path = `${folder}/file`
const url = pathToFileURL(path)
const linked = `${folder}/linked`
symlinkSync(path, linked)
const BOTH = ['sh', ['-c', 'echo out; echo err >&2']]
const both = (options) => run(...BOTH, options)
const content = () => readFileSync(path, 'utf8')

after(() => rmSync(folder, { recursive: true }))

for (const warden of ['on', 'off'])
  describe(`with wardens ${warden}`, { skip }, () => {
    withWarden(warden)
    beforeEach(() => writeFileSync(path, 'before\n'))
    afterEach(assertNothingLeft)

    /** Outputs and the file's content. @type {[string, object, string, string, string][]} */
    const OUTPUTS = [
      ['pipes', { stdout: 'pipe', stderr: 'pipe' }, 'out\n', 'err\n', 'before\n'],
      ['ignored', { stdout: 'ignore' }, '', 'err\n', 'before\n'],
      ['a file', { stdout: { file: path } }, '', 'err\n', 'out\n'],
      ['a file by URL', { stderr: url }, 'out\n', '', 'err\n'],
      ['a file, appended', { stdout: { file: url, append: true } }, '', 'err\n', 'before\nout\n'],
      ['both ignored', { stdout: 'ignore', stderr: 'ignore' }, '', '', 'before\n'],
    ]
    for (const [name, options, stdout, stderr, written] of OUTPUTS)
      test(`outputs: ${name}`, async () => {
        const result = await both(options)
        assert.deepEqual([result.stdout, result.stderr, content()], [stdout, stderr, written])
      })

    test('a named pipe blocks neither the start nor other children', async () => {
      const pipe = `${folder}/pipe-${warden}`
      await run('mkfifo', [pipe])
      // Without a writer the pipe is at its end.
      assert.equal((await run('cat', [], { stdin: { file: pipe } })).exitCode, 0)
      await assert.rejects(run('true', [], { stdout: { file: pipe } }), {
        code: 'ERR_SPAWN',
        message: /stdout cannot be opened/,
      })
    })

    /** Both outputs into one file, and its content. @type {[string, object, string][]} */
    const ONE_FILE = [
      ['emptied', { stdout: { file: path }, stderr: { file: path } }, 'out\nerr\nend\n'],
      ['by two paths', { stdout: url, stderr: { file: linked } }, 'out\nerr\nend\n'],
      [
        'appended',
        { stdout: { file: path, append: true }, stderr: { file: path, append: true } },
        'before\nout\nerr\nend\n',
      ],
      [
        'emptied by one',
        { stdout: { file: path, append: true }, stderr: { file: path } },
        'out\nerr\nend\n',
      ],
    ]
    for (const [name, options, expected] of ONE_FILE)
      test(`one file for both outputs, ${name}: neither overwrites the other`, async () => {
        await run('sh', ['-c', 'echo out; echo err >&2; echo end'], options)
        assert.equal(content(), expected)
      })

    test('one descriptor for both outputs, which the caller closes at once', async () => {
      const descriptor = openSync(path, 'w')
      const running = both({ stdout: descriptor, stderr: descriptor })
      closeSync(descriptor)
      assert.deepEqual([(await running).stdout, content()], ['', 'out\nerr\n'])
    })

    /** @type {[string, () => object, string][]} */
    const INPUTS = [
      ['ignored', () => ({ stdin: 'ignore' }), ''],
      ['a file', () => ({ stdin: { file: path } }), 'before\n'],
      ['a file by URL', () => ({ stdin: url }), 'before\n'],
    ]
    for (const [name, options, expected] of INPUTS)
      test(`input: ${name}`, async () => {
        assert.equal((await run('cat', options())).stdout, expected)
      })

    test('spawn() has no lines of an output that is no pipe', async () => {
      const child = spawn(...BOTH, { stdout: { file: path } })
      const lines = []
      child.on('line', (line) => lines.push(line)).on('errorLine', (line) => lines.push(line))
      const { exitCode, stdout } = await child.exited
      assert.deepEqual([exitCode, stdout, lines, content()], [0, '', ['err'], 'out\n'])
    })

    test('takes no input where stdin is no pipe', async () => {
      const child = spawn('sleep', ['1000'], { stdin: 'ignore' })
      await assert.rejects(child.write('a'), { code: 'ERR_INPUT_CLOSED' })
      await child.kill()
    })

    /** @type {[string, object, RegExp][]} */
    const REFUSED = [
      ['a missing file', { stdin: { file: `${folder}/none` } }, /stdin cannot be opened: No such/],
      ['a folder', { stdout: { file: folder } }, /stdout cannot be opened: Is a directory/],
      ['a closed descriptor', { stderr: 987_654 }, /stderr cannot be opened: Bad file/],
    ]
    for (const [name, options, message] of REFUSED)
      test(`refuses ${name}`, async () => {
        await assert.rejects(run('true', options), { code: 'ERR_SPAWN', message })
        await assert.rejects(spawn('true', options).exited, { code: 'ERR_SPAWN', message })
      })

    test('leaves no descriptor open', async () => {
      const open = () => readdirSync('/proc/self/fd').length
      await both({ stdout: 'ignore' })
      const before = open()
      for (let round = 0; round < 20; round++) {
        await both({ stdout: 'ignore', stderr: { file: path } })
        const child = spawn('cat', { stdin: url, stdout: 2 })
        await child.exited
        await run('true', { stdin: { file: '/none' } }).catch(() => {})
      }
      assert.ok(open() <= before + 5, `${before} and ${open()}`)
    })

    test("'inherit' is this process's own stream", async () => {
      const program = `
        import { run } from 'procward'
        const { stdout } = await run('sh', ['-c', 'read line; echo "$line"; echo err >&2'],
          { stdin: 'inherit', stdout: 'inherit', stderr: 'inherit' })
        console.log(JSON.stringify(stdout))`
      const wrapper = ['sh', '-c', 'echo typed | "$@"', 'sh']
      const { code, stdout, stderr } = await outcomeOf(program, { wrapper })
      assert.deepEqual([code, stdout, stderr], [0, 'typed\n""', 'err\n'])
    })

    describe('in a terminal', { skip: noTerminal }, () => {
      const program = (script) => `
        process.chdir(${JSON.stringify(root)})
        process.on('SIGINT', () => console.log('server interrupted'))
        const { run } = require('procward')
        const stdio = { stdin: 'inherit', stdout: 'inherit', stderr: 'inherit' }
        run('sh', ['-c', ${JSON.stringify(script)}], { ...stdio, reject: false })
          .then(({ exitCode, signal }) => console.log('<' + exitCode + ' ' + signal + '>'))`

      test('a command reads from the terminal in its foreground', async (t) => {
        const script = 'test -t 0 && read line && echo "got <$line>"; exit 6'
        const terminal = inTerminal([process.execPath, '-e', program(script)], t)
        terminal.type('hello\n')
        assert.equal(await terminal.exit, 0)
        assert.match(terminal.output, /got <hello>/)
        assert.match(terminal.output, /<6 null>/)
      })

      test('Ctrl+C reaches the command and the server', async (t) => {
        const script = 'trap "echo command interrupted; exit 7" INT; echo ready; read line'
        const terminal = inTerminal([process.execPath, '-e', program(script)], t)
        await until(() => terminal.output.includes('ready'))
        terminal.type(KEYS.interrupt)
        assert.equal(await terminal.exit, 0)
        for (const text of ['command interrupted', 'server interrupted', '<7 null>'])
          assert.ok(terminal.output.includes(text), terminal.output)
      })

      test('what the command leaves behind is ended', async (t) => {
        const script = 'sleep 1000 & echo "left <$!>"'
        const terminal = inTerminal([process.execPath, '-e', program(script)], t)
        assert.equal(await terminal.exit, 0)
        const [, pid] = /left <(\d+)>/.exec(terminal.output) ?? []
        assert.equal(isAlive(pid), false)
      })
    })
  })
