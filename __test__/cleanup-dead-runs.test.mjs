// What a killed server leaves behind is ended by the next one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CleanupScanner } from '../index.js'
import { isolated } from './support/isolated.mjs'
import { isAlive, kill } from './support/processes.mjs'
import { BECAUSE, reasons, untilOld } from './support/scans.mjs'
import { host, sleeper } from './support/servers.mjs'
import { until } from './support/until.mjs'

/** A call whose root does not heed SIGTERM, with a child in a session of its own. */
const SCRIPT = `trap '' TERM; echo "call $$"; setsid "$0" "$1" leaf & while :; do wait; sleep 1; done`
const options = { command: ['sh', '-c', SCRIPT, process.execPath, sleeper], names: ['leaf'] }

isolated(import.meta.url, deadRuns, { only: true })

function deadRuns() {
  // A warden would not let anything outlive its server.
  process.env.PROCWARD_WARDEN = 'off'

  for (const isChild of [false, true])
    test(`the tree of a killed ${isChild ? 'child' : 'stranger'} is terminated, the tree of a live one stays`, async (t) => {
      const [dead, live] = await Promise.all([
        host(t, { isChild, ...options }),
        host(t, { isChild, ...options }),
      ])
      const scanner = new CleanupScanner({ scope: 'tracked', maxAge: 3_600_000, killGrace: 100 })
      await untilOld(scanner, dead)
      await untilOld(scanner, live)
      const before = await scanner.cleanupAll()
      assert.deepEqual(before.killed, [])
      assert.equal(reasons(before, dead).call, BECAUSE.otherServer)

      kill(dead.host)
      await until(() => !isAlive(dead.host))
      const left = { call: dead.call, leaf: dead.leaf }
      assert.deepEqual(
        Object.values(left).filter(isAlive),
        Object.values(left),
        'they outlive their server',
      )
      const report = await scanner.cleanupAll()
      assert.deepEqual(reasons(report, left), {
        call: BECAUSE.leftByDeadRun,
        leaf: BECAUSE.leftByDeadRun,
      })
      assert.deepEqual(Object.values(left).filter(isAlive), [])
      assert.deepEqual(report.errors, [])

      const { host: liveHost, plain, ...tree } = live
      assert.deepEqual(reasons(report, tree), {
        call: BECAUSE.otherServer,
        leaf: BECAUSE.otherServer,
      })
      const spared = [liveHost, plain, ...Object.values(tree), dead.plain]
      assert.deepEqual(spared.filter(isAlive), spared)
    })
}
