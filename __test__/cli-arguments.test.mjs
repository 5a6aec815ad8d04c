// What the command is asked: every option where it belongs, and a clear refusal of the rest.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { OF_COMMAND, parse } from '../lib/cli/arguments.js'
import { help } from '../lib/cli/help.js'
import { procward } from './support/cli.mjs'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const COMMANDS = Object.keys(OF_COMMAND)
const NOTHING = { help: false, version: false, json: false, quiet: false, all: false, yes: false }
const NUMBERS = { interval: 2, count: Infinity, grace: 2000, timeout: Infinity, pid: 0 }
const ABSENT = { url: undefined, serverPid: undefined, token: undefined }
const DEFAULTS = { ...NOTHING, ...ABSENT, words: [], ...NUMBERS }

describe('arguments', () => {
  /** @type {[string[], object][]} */
  const ACCEPTED = [
    [['status'], { command: 'status' }],
    [['--json', 'ps', '--all'], { command: 'ps', json: true, all: true }],
    [['clean', '--yes', '-q'], { command: 'clean', yes: true, quiet: true }],
    [['top', '--interval', '5', '--count=2'], { command: 'top', interval: 5, count: 2 }],
    [
      ['metrics', '--url', 'http://h', '--token', 't'],
      { command: 'metrics', url: 'http://h', token: 't' },
    ],
    [['kill', '4194304'], { command: 'kill', pid: 4194304 }],
    [['kill', '--grace', '0', '7', '--json'], { command: 'kill', pid: 7, grace: 0, json: true }],
    [['kill', '-h'], { command: 'kill', help: true }],
    [['run', 'ls'], { command: 'run', words: ['ls'] }],
    [['run', '--', 'ls', '--', '-l'], { command: 'run', words: ['ls', '--', '-l'] }],
    [['run', '--', '--help'], { command: 'run', words: ['--help'] }],
    [['run', 'ls', '-q', '--json'], { command: 'run', words: ['ls', '-q', '--json'] }],
    [['-q', 'run', 'run', 'run'], { command: 'run', quiet: true, words: ['run', 'run'] }],
    [
      ['run', '--timeout', '60s', '--grace=5', 'ls', '--timeout=1'],
      { command: 'run', timeout: 60_000, grace: 5, words: ['ls', '--timeout=1'] },
    ],
    .../** @type {const} */ ([
      ['1', 1000],
      ['0.5', 500],
      ['1ms', 1],
      ['1.5m', 90_000],
      ['2h', 7_200_000],
      ['24d', 2_073_600_000],
    ]).map(([text, timeout]) => [
      ['run', '--timeout', text, 'ls'],
      { command: 'run', timeout, words: ['ls'] },
    ]),
    [['run', '--help'], { command: 'run', help: true }],
    [['-h'], { help: true }],
    [['ps', '-qh'], { command: 'ps', quiet: true, help: true }],
    [['--version'], { version: true }],
    [['-V'], { version: true }],
    [['help'], { command: 'help' }],
    [['help', 'run'], { command: 'help', topic: 'run' }],
    [['status', '--pid', '7'], { command: 'status', serverPid: 7 }],
    [['logs', '--count', '5'], { command: 'logs', count: 5 }],
  ]
  for (const [args, expected] of ACCEPTED) {
    test(args.join(' '), () => {
      const { topic, ...request } = { ...parse(args) }
      assert.deepEqual({ ...request, ...(topic && { topic }) }, { ...DEFAULTS, ...expected })
    })
  }

  /** @type {[string[], RegExp][]} */
  const REFUSED = [
    [[], /^say what to do$/],
    [['--json'], /^say what to do$/],
    [['frobnicate'], /^there is no command 'frobnicate'$/],
    [['toString'], /^there is no command/],
    [['__proto__'], /^there is no command/],
    [['\u001b[31mred\u001b[0m\u0000'], /^there is no command 'red'$/],
    [['status', 'now'], /^status takes no 'now'$/],
    [['status', '--all'], /^status has no option --all$/],
    [['ps', '--yes'], /^ps has no option --yes$/],
    [['clean', '--all'], /^clean has no option --all$/],
    [['clean', '--url', 'http://h'], /^clean has no option --url$/],
    [['clean', '-y'], /^unknown option '-y'$/],
    [['ps', '--jsn'], /^unknown option '--jsn'; did you mean --json\?$/],
    [['ps', '--frobnicate'], /^unknown option '--frobnicate'$/],
    [['stauts'], /^there is no command 'stauts'; did you mean status\?$/],
    [['Kil', '1'], /^there is no command 'Kil'; did you mean kill\?$/],
    [['doc'], /^there is no command 'doc'; did you mean doctor\?$/],
    [['s'.repeat(100_000)], /^there is no command 's+\.\.\.'$/],
    [['help', 'stats'], /^there is no command 'stats'; did you mean status\?$/],
    [['help', 'run', 'ps'], /^help takes no 'ps'$/],
    [['clean', '--pid', '1'], /^clean has no option --pid$/],
    [['status', '--pid', '0'], /^--pid must be a whole number from 1 to 4294967295, got '0'$/],
    [['ps', '--token'], /--token/],
    [['ps', '--all=yes'], /--all' does not take an argument$/],
    ...['0', '-1', '1.5', 'x', '', '86401', '1e3'].map((text) => [
      ['top', `--interval=${text}`],
      /^--interval must be a whole number from 1 to 86400, got '/,
    ]),
    [['kill'], /^kill needs a PID$/],
    [['kill', '1', '2'], /^kill takes no '2'$/],
    [['kill', '1', '--yes'], /^kill has no option --yes$/],
    [['ps', '--grace', '1'], /^ps has no option --grace$/],
    [
      ['kill', '1', '--grace', '2s'],
      /^--grace must be a whole number from 0 to 86400000, got '2s'$/,
    ],
    ...['0', '1.5', 'x', '', '4294967296', '1e3', '0x10'].map((text) => [
      ['kill', text],
      /^PID must be a whole number from 1 to 4294967295, got '/,
    ]),
    [['run'], /^run needs a COMMAND$/],
    [['run', '--'], /^run needs a COMMAND$/],
    [['run', ''], /^run needs a COMMAND$/],
    [['run', '--json', 'ls'], /^run has no option --json$/],
    [['run', '--all', 'ls'], /^run has no option --all$/],
    [['run', '--timeut', '5', 'ls'], /^unknown option '--timeut'; did you mean --timeout\?$/],
    [['kill', '--timeout', '5', '1'], /^kill has no option --timeout$/],
    ...['0', '-1', '0ms', '0.0001s', '25d', 'x', '', '5 s', '1e3', '5S'].map((text) => [
      ['run', `--timeout=${text}`, 'ls'],
      /^--timeout must be a time from 1ms to 24d, such as 60s, got '/,
    ]),
    [['kill', '-1'], /^unknown option '-1'$/],
    [['top', '--count', '0'], /^--count must be a whole number/],
    [['top', '--count', '-5'], /^--count must be a whole number from 1 to \d+, got '-5'$/],
    [['logs', '--count', '-.5'], /^--count must be a whole number from 1 to \d+, got '-\.5'$/],
    [
      ['kill', '--grace', '-1', '1'],
      /^--grace must be a whole number from 0 to 86400000, got '-1'$/,
    ],
    [['run', '--timeout', '-5', 'ls'], /^--timeout must be a time from 1ms to 24d.* got '-5'$/],
    [['ps', '--pid', '-7'], /^--pid must be a whole number from 1 to 4294967295, got '-7'$/],
    [['ps', '--url', '--json'], /^--url needs a value$/],
    [['ps', '--pid', '-q'], /^--pid needs a value$/],
  ]
  test('a negative number of the command of run is its own', () => {
    assert.deepEqual(parse(['run', '--', 'ls', '--count', '-5']).words, ['ls', '--count', '-5'])
  })

  for (const [args, message] of REFUSED) {
    test(`${JSON.stringify(args)} is refused`, () => {
      assert.throws(() => parse(args), { code: 'ERR_USAGE', exitCode: 2, message })
    })
  }
})

describe('the command', () => {
  test('prints its version without the addon', async () => {
    const env = { NAPI_RS_NATIVE_LIBRARY_PATH: '/nowhere.node' }
    assert.deepEqual(await procward(['--version'], { env }), {
      ...{ code: 0, signal: null, stdout: `${version}\n`, stderr: '' },
    })
  })

  test('prints help for every command in 80 columns and more', async () => {
    const { code, stdout, stderr } = await procward(['--help'])
    assert.deepEqual([code, stderr], [0, ''])
    for (const command of COMMANDS) assert.match(stdout, new RegExp(`^ {2}${command} `, 'm'))
  })

  test('help is help, whichever way it is asked for', async () => {
    for (const command of ['', 'kill']) {
      const [first, second] = await Promise.all(
        [
          ['help', ...(command ? [command] : [])],
          [...(command ? [command] : []), '--help'],
        ].map((args) => procward(args)),
      )
      assert.deepEqual(first, second)
      assert.match(first.stdout, new RegExp(`^Usage: procward ${command || '<command>'} `))
    }
  })

  test('help fits the width of the terminal and loses no word', () => {
    for (const command of [undefined, ...COMMANDS]) {
      const words = (columns) => help(command, columns).split(/\s+/)
      for (const columns of [40, 60, 80, 100]) {
        const lines = help(command, columns).split('\n')
        const wide = lines.filter((line) => line.length > columns && !line.startsWith('  NODE_'))
        assert.deepEqual(wide, [])
        assert.deepEqual(words(columns), words(Infinity))
      }
      assert.equal(help(command, 1), help(command, 40))
      assert.equal(help(command, Infinity), help(command, 100))
    }
  })

  for (const command of COMMANDS) {
    test(`${command} --help names its options`, async () => {
      const { code, stdout } = await procward([command, '--help'])
      assert.equal(code, 0)
      for (const option of OF_COMMAND[command])
        assert.match(stdout, new RegExp(`^ {6}--${option}\\b`, 'm'))
    })
  }

  test('refuses unknown arguments with exit code 2 and a message on stderr only', async () => {
    for (const args of [
      [],
      ['frobnicate'],
      ['clean', '--all'],
      ['ps', '--url', 'ftp://h'],
      ['ps', '--url', ''],
    ]) {
      const { code, stdout, stderr } = await procward(args)
      assert.deepEqual([code, stdout], [2, ''], args.join(' '))
      assert.match(stderr, /^procward: .*Try npx procward --help\n$/)
    }
  })

  test('an option without its value is refused by its name', async () => {
    const { code, stderr } = await procward(['status', '--url'])
    assert.equal(code, 2)
    assert.equal(stderr, 'procward: --url needs a value. Try npx procward --help\n')
  })

  test('a URL with a password in it is refused without repeating it', async () => {
    const { code, stderr } = await procward(['status', '--url', 'http://user:hunter2@127.0.0.1/'])
    assert.equal(code, 2)
    assert.doesNotMatch(stderr, /hunter2|user/)
    const { stderr: other } = await procward(['status'], { env: { PROCWARD_URL: 'hunter2' } })
    assert.match(other, /^procward: PROCWARD_URL must be a URL/)
    assert.doesNotMatch(other, /hunter2/)
  })
})
