// "Cleanup scanner killing legitimate processes": decoys survive while one process is terminated.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CleanupScanner } from '../index.js'
import { isolated } from './support/isolated.mjs'
import { isAlive, noProcessList } from './support/processes.mjs'
import { BECAUSE, reasons, untilOld } from './support/scans.mjs'
import { child, clusterWorker, forked, host, unrelated } from './support/servers.mjs'

/** Why the decoys are spared, in the scopes that they all survive. */
const SPARED = {
  tracked: {
    unrelated: BECAUSE.notOurs,
    titled: BECAUSE.notOurs,
    forked: BECAUSE.notOurs,
    clusterWorker: BECAUSE.notOurs,
    kept: BECAUSE.kept,
    notKept: BECAUSE.notOurs,
    farHost: BECAUSE.host,
    farCall: BECAUSE.otherServer,
    farPlain: BECAUSE.notOurs,
    idleHost: BECAUSE.host,
    nearHost: BECAUSE.host,
    nearCall: BECAUSE.otherServer,
    nearPlain: BECAUSE.notOurs,
    old: BECAUSE.notOurs,
    oldTitled: BECAUSE.notOurs,
  },
  tree: {
    unrelated: BECAUSE.notOurs,
    titled: BECAUSE.notOurs,
    forked: BECAUSE.managed,
    clusterWorker: BECAUSE.managed,
    kept: BECAUSE.kept,
    farHost: BECAUSE.host,
    farCall: BECAUSE.otherServer,
    farPlain: BECAUSE.notOurs,
    idleHost: BECAUSE.host,
    nearHost: BECAUSE.host,
    nearCall: BECAUSE.otherServer,
    nearPlain: BECAUSE.otherServer,
  },
}
/** The control: what the same scan does end. */
const ENDED = {
  tracked: {},
  tree: { notKept: BECAUSE.descendant, old: BECAUSE.descendant, oldTitled: BECAUSE.descendant },
}

/** What makes a Node.js process a server with procward, though it has no children yet. */
const procward = fileURLToPath(new URL('../index.js', import.meta.url))

isolated(import.meta.url, () => {
  for (const scope of /** @type {const} */ (['tracked', 'tree']))
    test(`decoys survive scope ${scope} with a maxAge of 1 ms`, {
      skip: noProcessList,
    }, async (t) => {
      const [far, near] = await Promise.all([host(t), host(t, { isChild: true })])
      const pids = {
        unrelated: await unrelated(t),
        titled: await unrelated(t, { title: 'not node' }),
        forked: await forked(t),
        clusterWorker: await clusterWorker(t),
        kept: await child(t, { env: { PROCWARD_KEEP: '1' } }),
        notKept: await child(t, { env: { PROCWARD_KEEP: '0' } }),
        farHost: far.host,
        farCall: far.call,
        farPlain: far.plain,
        idleHost: await child(t, { nodeOptions: ['--require', procward] }),
        nearHost: near.host,
        nearCall: near.call,
        nearPlain: near.plain,
        old: await child(t),
        oldTitled: await child(t, { title: 'not node' }),
      }
      const scanner = new CleanupScanner({ scope, maxAge: 1, killGrace: 5000 })
      await untilOld(scanner, pids)
      const report = await scanner.cleanupAll()
      assert.deepEqual(report.errors, [])
      assert.deepEqual(reasons(report, pids), { ...SPARED[scope], ...ENDED[scope] })
      const ended = Object.keys(pids).filter((name) => !isAlive(pids[name]))
      assert.deepEqual(ended.sort(), Object.keys(ENDED[scope]).sort())
    })
})
