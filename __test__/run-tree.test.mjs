import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { spawn } from '../index.js'
import { node, sh } from './support/commands.mjs'
import {
  assertNothingLeft,
  commandsOfThisTest,
  isAlive,
  kill,
  noProcessList,
} from './support/processes.mjs'
import { until } from './support/until.mjs'

afterEach(assertNothingLeft)

/** Starts a tree whose members each write their pid as a line, and waits for all of them. */
async function tree(members, [command, args], options) {
  const root = spawn(command, args, options)
  const pids = []
  root.on('line', (line) => pids.push(Number(line)))
  await until(() => pids.length === members)
  assert.deepEqual(pids.filter(isAlive), pids)
  return { root, pids }
}

const SLEEP = 'echo $$; exec sleep 60'
const STUBBORN = `trap "" TERM HUP INT; echo $$; while :; do sleep 0.05; done`

describe('the whole tree is terminated', { skip: noProcessList }, () => {
  /**
   * What it is, how many it has, and its program.
   * @type {[string, number, [string, string[]]][]}
   */
  const trees = [
    [
      'a shell, its child, and its grandchild',
      3,
      sh(`echo $$; sh -c 'echo $$; sh -c "$1" & wait' sh "$1" & wait`, SLEEP),
    ],
    [
      'a child that ignores SIGTERM under a root that does not',
      2,
      sh(`echo $$; sh -c "$1" & wait`, STUBBORN),
    ],
    [
      'all of three generations ignore SIGTERM',
      3,
      sh(
        `trap '' TERM; echo $$; sh -c 'echo $$; sh -c "$1" & wait' sh "$1" & wait; wait`,
        STUBBORN,
      ),
    ],
    ['a child in a session of its own', 2, sh(`echo $$; setsid sh -c "$1" & wait`, SLEEP)],
    [
      'a daemon: a session of its own, and its parent has exited',
      2,
      sh(`echo $$; (setsid sh -c "$1" >&1 &) ; exec sleep 60`, SLEEP),
    ],
    [
      'a daemon that ignores SIGTERM, and its child',
      3,
      sh(
        `echo $$; (setsid sh -c 'sh -c "$1" & trap "" TERM; echo $$; wait; wait' sh "$1" &) ; exec sleep 60`,
        STUBBORN,
      ),
    ],
    ['a stopped child', 2, sh(`echo $$; sh -c 'echo $$; kill -STOP $$' & wait`)],
    ['a child without an environment', 2, sh(`echo $$; env -i sh -c "$1" & wait`, SLEEP)],
    [
      'a child without an environment in a session of its own',
      2,
      sh(`echo $$; env -i setsid sh -c "$1" & wait`, SLEEP),
    ],
    [
      'a background child without an environment whose parent has exited',
      2,
      sh(`echo $$; (env -i sh -c "$1" &) ; exec sleep 60`, SLEEP),
    ],
    [
      'Node.js, a detached child of it, and a shell under that',
      3,
      node(`
      const child = require('child_process').spawn(process.execPath, ['--eval', \`
        console.log(process.pid)
        require('child_process').spawn('sh', ['-c', 'echo $$; exec sleep 60'], { stdio: 'inherit' })\`
      ], { detached: true, stdio: 'inherit' })
      child.unref()
      console.log(process.pid)
      setInterval(() => {}, 1000)`),
    ],
    [
      'fifty children',
      51,
      sh(
        `echo $$; for i in 1 2 3 4 5 6 7 8 9 10; do for j in 1 2 3 4 5; do sh -c "$1" & done; done; wait`,
        SLEEP,
      ),
    ],
    [
      'twenty generations',
      21,
      sh(
        `echo $$; n=$1; [ $n -gt 0 ] || exec sleep 60; sh -c "$2" sh $((n - 1)) "$2" & wait`,
        '20',
        'echo $$; n=$1; [ $n -gt 0 ] || exec sleep 60; sh -c "$2" sh $((n - 1)) "$2" & wait',
      ),
    ],
  ]
  for (const [what, members, program] of trees)
    test(what, async () => {
      const { root, pids } = await tree(members, program, { killGrace: 100 })
      await root.kill()
      assert.deepEqual(pids.filter(isAlive), [])
      await assert.rejects(root.exited, { code: 'ERR_KILLED', pid: pids[0] })
    })

  test('and nothing else: not a sibling tree, not another child of this process', async () => {
    const { root, pids } = await tree(2, sh(`echo $$; sh -c "$1" & wait`, SLEEP))
    const sibling = await tree(2, sh(`echo $$; setsid sh -c "$1" & wait`, SLEEP))
    await root.kill()
    assert.deepEqual(pids.filter(isAlive), [])
    assert.deepEqual(sibling.pids.filter(isAlive), sibling.pids)
    assert.equal(commandsOfThisTest().length, 2)
    await sibling.root.kill()
  })
})

describe('processes that a command leaves behind are terminated after its exit', {
  skip: noProcessList,
}, () => {
  const closed = '>/dev/null 2>&1 </dev/null'
  const leavings = {
    'a background child': 'sleep 60 & echo $!',
    'a background child that closed its outputs': `sleep 60 ${closed} & echo $!`,
    'one that ignores SIGTERM': `sh -c 'trap "" TERM; while :; do sleep 0.05; done' ${closed} & echo $!`,
    'one without an environment': `env -i sleep 60 ${closed} & echo $!`,
    'one without an environment that keeps the outputs open': `env -i sleep 60 & echo $!`,
    'a daemon that keeps the outputs open': `(setsid sh -c 'echo $$; exec sleep 60' &) ; sleep 0.2`,
    'a daemon that closed its outputs': `(setsid sh -c 'echo $$; exec sleep 60 ${closed}' &) ; sleep 0.2`,
  }
  for (const [what, script] of Object.entries(leavings))
    for (const code of [0, 3])
      test(`${what}, after exit code ${code}`, async (t) => {
        const child = spawn(...sh(`${script}; exit ${code}`), { killGrace: 100, reject: false })
        const lines = []
        child.on('line', (line) => lines.push(line))
        t.after(() => lines.forEach(kill))
        const { exitCode } = await child.exited
        assert.equal(exitCode, code)
        assert.equal(lines.length, 1)
        assert.deepEqual(lines.filter(isAlive), [])
      })
})
