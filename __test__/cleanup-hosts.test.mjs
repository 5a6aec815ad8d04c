// The scanner on hosts as people have them: other kinds of /proc, other users, containers.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { noProcessList } from './support/processes.mjs'
import { BECAUSE } from './support/scans.mjs'
import { NOBODY, PROC, told, toldByFirst, WITHOUT_KILL } from './support/spaces.mjs'

describe('a scan', { skip: noProcessList }, () => {
  for (const proc of /** @type {const} */ (['plain', 'subset', 'lxcfs']))
    test(`knows ages and the start of this server with a ${proc} /proc`, async (t) => {
      const found = await told(t, { proc: PROC[proc] }, 'ages')
      if (found === undefined) return
      assert.deepEqual(found.reasons, [BECAUSE.forgotten, BECAUSE.young])
      assert.ok(found.isOfMoments)
      const [world, , start] = found.tag.split(':')
      assert.deepEqual([start, world === 'unknown'], [found.start, false])
    })

  for (const proc of /** @type {const} */ (['plain', 'subset', 'lxcfs', 'hidden', 'forbidden']))
    test(`terminates orphans of a dead server, without root, with a ${proc} /proc`, async (t) => {
      const found = await told(t, { proc: PROC[proc], as: NOBODY }, 'orphans')
      if (found === undefined) return
      const isHidden = proc === 'hidden' || proc === 'forbidden'
      const doubtful = isHidden ? BECAUSE.unproven : BECAUSE.leftByDeadRun
      assert.deepEqual(found, { orphan: BECAUSE.leftByDeadRun, doubtful, isLeft: false })
    })

  test('terminates orphans of a dead server of an older version', async (t) => {
    const found = await told(t, {}, 'oldTag')
    if (found) assert.deepEqual(found, { reason: BECAUSE.leftByDeadRun, isLeft: false })
  })

  test("terminates orphans of root's dead server, also those that changed their user", async (t) => {
    const found = await told(t, { as: ['env'] }, 'otherUser')
    if (found === undefined) return
    const reasons = [BECAUSE.leftByDeadRun, BECAUSE.leftByDeadRun]
    assert.deepEqual(found, { reasons, left: [false, false], errors: [] })
  })

  test('lists an orphan that this user may not signal', async (t) => {
    const found = await told(t, { as: WITHOUT_KILL }, 'otherUser')
    if (found === undefined) return
    assert.deepEqual(found, {
      reasons: [BECAUSE.otherUser, BECAUSE.otherUser],
      left: [true, true],
      errors: [],
    })
  })

  test('terminates the orphans of a dead server from a shell that the server started', async (t) => {
    const found = await told(t, {}, 'shell')
    if (found === undefined) return
    assert.deepEqual(found, {
      ...{ shell: BECAUSE.ancestor, left: BECAUSE.leftByDeadRun },
      ...{ isLeft: false, isShellLeft: true },
    })
  })

  test("spares containers in scope 'machine', but not a namespace below this server", async (t) => {
    const found = await told(t, {}, 'container')
    if (found === undefined) return
    assert.deepEqual(
      found,
      [BECAUSE.node, BECAUSE.node, BECAUSE.self, BECAUSE.otherNamespace].sort(),
    )
  })
})

describe('as the first process of a container', { skip: noProcessList }, () => {
  for (const [what, ...command] of [
    ['a job', 'setsid', 'sh', '-c', '"$0" "$@" &'],
    ['a job in a session of its own', 'setsid', 'sh', '-c', 'setsid "$0" "$@" &'],
  ])
    test(`${what} from outside does not count as started by this server`, async (t) => {
      const found = await toldByFirst(t, 'first', (enter) => {
        const idle = [process.execPath, '-e', 'setTimeout(() => {}, 120_000)']
        enter(...command, ...idle)
      })
      if (found) assert.deepEqual(found, { child: BECAUSE.descendant, others: [BECAUSE.notOurs] })
    })
})
