import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { afterEach, describe, test } from 'node:test'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'

afterEach(assertNothingLeft)

/** A server that may hold few descriptors. */
const FEW = ['sh', '-c', 'ulimit -n 100; exec "$@"', 'sh']
const MOST_FREE = 24
/**
 * A server, without its children, for which every other pidfd_open() fails, after one that finds
 * out whether there are any.
 */
const INJECTED = [
  '-f',
  '-b',
  'execve',
  '-qq',
  '-o',
  '/dev/null',
  '-e',
  'inject=pidfd_open:error=EMFILE:when=2+2',
]
const noStrace =
  spawnSync('strace', [...INJECTED, 'true']).status === 0
    ? false
    : 'needs strace, and the permission to trace'

/**
 * Starts a command with ever more descriptors free, so that each step of a start fails once for
 * want of one.
 */
const PROGRAM = `
  await run('true')
  const held = []
  const fill = () => { try { for (;;) held.push(openSync('/dev/null')) } catch {} }
  const outcomes = []
  for (let free = 0; free <= ${MOST_FREE}; free++) {
    fill()
    for (const descriptor of held.splice(0, free)) closeSync(descriptor)
    outcomes.push(await run('true').then(() => 'OK', ({ code, cause }) => code + ' ' + cause.code))
  }
  for (const descriptor of held) closeSync(descriptor)
  await childless()
  console.log(JSON.stringify({ outcomes, active: getActiveProcesses().length }))
`

const IMPORTS = `
  import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
  import { getActiveProcesses, run } from 'procward'
  const children = () => readdirSync('/proc/self/task').flatMap((thread) =>
    readFileSync('/proc/self/task/' + thread + '/children', 'utf8').split(' ').filter(Boolean))
  const childless = async () => {
    while (children().length > 0) await new Promise((next) => setTimeout(next, 10))
  }
`

/**
 * Starts children from the first on with ever more descriptors free, and one with all of them. The
 * first starts have files of procward to load.
 */
const FIRST_STARTS = (start) => `
  const held = []
  const fill = () => { try { for (;;) held.push(openSync('/dev/null')) } catch {} }
  const outcome = (start) => { try { return start() } catch (error) { return 'thrown ' + error } }
  const errorOf = ({ code, cause }) => code + ' ' + cause?.code
  const ended = (child) => new Promise((end) =>
    child.on('error', ({ code }) => end(code)).on('exit', (code) => end('exit ' + code)))
  const outcomes = []
  for (let free = 0; free <= ${MOST_FREE}; free++) {
    fill()
    for (const descriptor of held.splice(0, free)) closeSync(descriptor)
    outcomes.push(await outcome(${start}))
  }
  for (const descriptor of held) closeSync(descriptor)
  const { guarded } = getMetrics().childProcesses
  outcomes.push(await outcome(${start}))
  const isGuarded = getMetrics().childProcesses.guarded > guarded
  await childless()
  console.log(JSON.stringify({ outcomes: [...new Set(outcomes)].sort(), isGuarded }))
`
const CHILD_OUTCOMES = ['EMFILE', 'exit 0']
const RUN_OUTCOMES = ['ERR_SPAWN EMFILE', 'OK']

describe('a server without a descriptor left', { skip: noProcessList }, () => {
  for (const [name, start, expected, isGuarded] of [
    ['child_process', "() => ended(nodeSpawn('true'))", CHILD_OUTCOMES, false],
    ['procward/child_process', "() => ended(guardedSpawn('true'))", CHILD_OUTCOMES, true],
    ['run()', "() => run('true').then(() => 'OK', errorOf)", RUN_OUTCOMES, false],
    [
      'run() with input',
      "() => run('true', { input: '' }).then(() => 'OK', errorOf)",
      RUN_OUTCOMES,
    ],
    [
      'run() into a file',
      "() => run('true', { stdout: 'ignore' }).then(() => 'OK', errorOf)",
      RUN_OUTCOMES,
    ],
  ])
    test(`${name} has the error of the system, from its first start on`, async () => {
      const program = `${IMPORTS}
        import { spawn as nodeSpawn } from 'node:child_process'
        import { getMetrics } from 'procward'
        import { spawn as guardedSpawn } from 'procward/child_process'
        process.env.PROCWARD_MAX_CHILDREN = '9'
        ${FIRST_STARTS(start)}`
      const { code, stdout, stderr } = await outcomeOf(program, { wrapper: FEW })
      assert.deepEqual([code, stderr], [0, ''])
      const outcomes = JSON.parse(stdout)
      assert.deepEqual(outcomes, { outcomes: expected, isGuarded: isGuarded ?? false })
    })

  test('spawn() throws the error of the system, or exits with it', async () => {
    const start = `() => {
      try { return spawn('true').exited.then(() => 'OK', errorOf) } catch (error) {
        return errorOf(error)
      }
    }`
    const program = `${IMPORTS}
      import { getMetrics, spawn } from 'procward'
      ${FIRST_STARTS(start)}`
    const { stdout } = await outcomeOf(program, { wrapper: FEW })
    assert.deepEqual(JSON.parse(stdout).outcomes, RUN_OUTCOMES)
  })

  for (const warden of ['on', 'off'])
    test(`fails to start a command, and loses nothing: no process, no zombie, no call (warden ${warden})`, async () => {
      const program = `${IMPORTS}process.env.PROCWARD_WARDEN = '${warden}'\n${PROGRAM}`
      const { code, stdout, stderr } = await outcomeOf(program, { wrapper: FEW })
      assert.deepEqual([code, stderr], [0, ''])
      const { outcomes, active } = JSON.parse(stdout)
      assert.equal(active, 0)
      assert.ok(outcomes.filter((outcome) => outcome === 'ERR_SPAWN EMFILE').length >= 5, stdout)
      assert.equal(outcomes.at(-1), 'OK', stdout)
      assert.deepEqual(
        outcomes.filter((outcome) => !['OK', 'ERR_SPAWN EMFILE'].includes(outcome)),
        [],
      )
    })

  test("that cannot open a warden terminates the warden's command", {
    skip: noStrace,
  }, async () => {
    const program = `${IMPORTS}
      const outcomes = []
      for (let at = 0; at < 6; at++) {
        const command = at % 2 ? 'true' : 'exec sleep 60'
        outcomes.push(await run('sh', ['-c', command]).then(() => 'OK', ({ code, cause }) => code + ' ' + cause.code))
        // The call, its warden and all processes below the warden have ended.
        outcomes.push(children().length)
      }
      console.log(JSON.stringify(outcomes))`
    const { code, stdout, stderr } = await outcomeOf(program, { wrapper: ['strace', ...INJECTED] })
    assert.deepEqual([code, stderr], [0, ''])
    const round = ['ERR_SPAWN EMFILE', 0, 'OK', 0]
    assert.deepEqual(JSON.parse(stdout), [...round, ...round, ...round])
  })
})
