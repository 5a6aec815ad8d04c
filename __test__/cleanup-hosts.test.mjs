// The scanner on hosts as people have them: other kinds of /proc, other users, containers.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { noProcessList } from './support/processes.mjs'
import { BECAUSE } from './support/scans.mjs'
import { NOBODY, PROC, told, toldByFirst, WITHOUT_KILL } from './support/spaces.mjs'

describe('a scan', { skip: noProcessList }, () => {
  for (const proc of /** @type {const} */ (['plain', 'subset', 'lxcfs']))
    test(`tells ages and the start of this server with a ${proc} /proc`, async (t) => {
      const found = await told(t, { proc: PROC[proc] }, 'ages')
      if (found === undefined) return
      assert.deepEqual(found.reasons, [BECAUSE.forgotten, BECAUSE.young])
      assert.ok(found.isOfMoments)
      const [world, , start] = found.tag.split(':')
      assert.deepEqual([start, world === 'unknown'], [found.start, false])
    })

  for (const proc of /** @type {const} */ (['plain', 'subset', 'lxcfs', 'hidden', 'forbidden']))
    test(`ends what a dead server left, as a user who is not root, with a ${proc} /proc`, async (t) => {
      const found = await told(t, { proc: PROC[proc], as: NOBODY }, 'orphans')
      if (found === undefined) return
      const isHidden = proc === 'hidden' || proc === 'forbidden'
      const doubtful = isHidden ? BECAUSE.unproven : BECAUSE.leftByDeadRun
      assert.deepEqual(found, { orphan: BECAUSE.leftByDeadRun, doubtful, isLeft: false })
    })

  test('ends what a dead server of an older version left', async (t) => {
    const found = await told(t, {}, 'oldTag')
    if (found) assert.deepEqual(found, { reason: BECAUSE.leftByDeadRun, isLeft: false })
  })

  test("ends what root's dead server started, and what is another user's since", async (t) => {
    const found = await told(t, { as: ['env'] }, 'otherUser')
    if (found === undefined) return
    const reasons = [BECAUSE.leftByDeadRun, BECAUSE.leftByDeadRun]
    assert.deepEqual(found, { reasons, left: [false, false], errors: [] })
  })

  test('lists it where it may not be ended', async (t) => {
    const found = await told(t, { as: WITHOUT_KILL }, 'otherUser')
    if (found === undefined) return
    assert.deepEqual(found, {
      reasons: [BECAUSE.otherUser, BECAUSE.otherUser],
      left: [true, true],
      errors: [],
    })
  })

  test('ends the orphans of a dead server also when it is run in a shell that the server left', async (t) => {
    const found = await told(t, {}, 'shell')
    if (found === undefined) return
    assert.deepEqual(found, {
      ...{ shell: BECAUSE.ancestor, left: BECAUSE.leftByDeadRun },
      ...{ isLeft: false, isShellLeft: true },
    })
  })

  test("spares containers in scope 'machine', but not what runs in a namespace below this server", async (t) => {
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
    test(`${what} that was put in from outside is not started under this server`, async (t) => {
      const found = await toldByFirst(t, 'first', (enter) => {
        const idle = [process.execPath, '-e', 'setTimeout(() => {}, 120_000)']
        enter(...command, ...idle)
      })
      if (found) assert.deepEqual(found, { child: BECAUSE.descendant, others: [BECAUSE.notOurs] })
    })
})
