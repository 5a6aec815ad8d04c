// Trees without wardens, as on other platforms, tested on Linux: the process table shows a tree's
// members.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { run } from '../index.js'
import { sh } from './support/commands.mjs'
import { assertNothingLeft, isAlive, kill, noProcessList } from './support/processes.mjs'
import { withoutWarden } from './support/warden.mjs'

/**
 * Neither its group nor its environment shows where it came from, and it does not go when it is
 * asked to.
 */
const STUBBORN = `env -i setsid sh -c 'trap "" TERM; echo $$; exec >/dev/null 2>&1; while :; do sleep 0.05; done'`

withoutWarden()
afterEach(assertNothingLeft)

/** The processes of the script that tell their pids and outlive its call; they are killed. */
async function survivors(script, options) {
  const { stdout } = await run(...sh(script), { killGrace: 100, reject: false, ...options })
  const pids = stdout.split('\n').filter(Boolean)
  assert.ok(pids.length > 0)
  const alive = pids.filter(isAlive)
  alive.forEach(kill)
  return alive
}

describe('a tree without a warden is terminated', { skip: noProcessList }, () => {
  const trees = {
    'with a process that only its parents showed, who went first': `${STUBBORN} & wait`,
    'with the children of such a process': `env -i setsid sh -c 'trap "" TERM; echo $$; sh -c "trap \\"\\" TERM; echo \\\\$\\\\$; while :; do sleep 0.05; done"' & wait`,
    'that starts a process in a session of its own for each one that dies': `trap '' TERM; i=0; while [ $i -lt 1000 ]; do i=$((i+1)); setsid sh -c 'trap "" TERM; echo $$; sleep 0.05; sleep 60'; done`,
    'that answers SIGTERM with more processes': `trap 'for i in 1 2 3 4; do (trap "" TERM; setsid sh -c "echo \\$\\$; exec sleep 60" &) ; done' TERM; echo $$; i=0; while [ $i -lt 1000 ]; do i=$((i+1)); sleep 0.05; done`,
  }
  for (const [what, script] of Object.entries(trees))
    test(what, async () => assert.deepEqual(await survivors(script, { timeout: 500 }), []))

  test('with the remaining members of its group, also without their environment', async () => {
    assert.deepEqual(await survivors('env -i sleep 60 </dev/null >/dev/null 2>&1 & echo $!'), [])
  })
})
