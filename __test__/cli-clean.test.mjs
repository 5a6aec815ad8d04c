// `procward clean` ends what dead servers left behind, and nothing else.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CleanupScanner } from '../index.js'
import { documentOf, procward } from './support/cli.mjs'
import { isolated } from './support/isolated.mjs'
import { isAlive, kill } from './support/processes.mjs'
import { BECAUSE, untilOld } from './support/scans.mjs'
import { child, forked, host, sleeper, unrelated } from './support/servers.mjs'
import { until } from './support/until.mjs'

/** A call whose root does not heed SIGTERM, with a child in a session of its own. */
const SCRIPT = `trap '' TERM; echo "call $$"; setsid "$0" "$1" leaf & while :; do wait; sleep 1; done`
const options = { command: ['sh', '-c', SCRIPT, process.execPath, sleeper], names: ['leaf'] }
const NOTHING = 'nothing to clean up\n'

isolated(import.meta.url, clean, { only: true })

function clean() {
  // A warden would not let anything outlive its server.
  process.env.PROCWARD_WARDEN = 'off'

  test('only lists orphans until --yes is given', async (t) => {
    const [dead, live] = await Promise.all([host(t, options), host(t, options)])
    const others = [
      await child(t),
      await forked(t),
      await unrelated(t),
      await unrelated(t, { title: 'procward' }),
    ]
    await untilOld(new CleanupScanner({ scope: 'tracked', maxAge: 1 }), { ...dead, ...live })
    const { host: liveHost, plain, ...tree } = live
    const spared = [liveHost, plain, dead.plain, ...Object.values(tree), ...others]
    const left = [dead.call, dead.leaf]

    for (const args of [[], ['--yes'], ['--yes', '-q']]) {
      const { code, stdout, stderr } = await procward(['clean', ...args])
      assert.deepEqual([code, stdout, stderr], [0, args.includes('-q') ? '' : NOTHING, ''])
    }
    assert.deepEqual(
      [...spared, ...left, dead.host].filter((pid) => !isAlive(pid)),
      [],
    )

    kill(dead.host)
    await until(() => !isAlive(dead.host))
    const shown = await procward(['clean'])
    assert.deepEqual([shown.code, shown.stderr], [1, ''])
    assert.match(
      shown.stdout,
      /^2 processes left behind by dead servers; procward clean --yes ends what is left behind$/m,
    )
    assert.match(
      shown.stdout,
      new RegExp(
        `^ *${dead.leaf} +${dead.host}  orphan .* left behind by a server that is no longer running  node .*sleeper.mjs leaf$`,
        'm',
      ),
    )
    const listed = await procward(['clean', '--json'])
    assert.equal(listed.code, 1)
    const { orphans, ...document } = documentOf(listed)
    assert.deepEqual(document, { schemaVersion: 1, command: 'clean', dryRun: true, errors: [] })
    assert.deepEqual(orphans.map(({ pid }) => pid).sort(), left.toSorted?.() ?? [...left].sort())
    for (const { state, code, ended, name } of orphans) {
      assert.deepEqual([state, code, ended], ['orphan', BECAUSE.leftByDeadRun, false])
      assert.match(name, /^(node|sh|dash|bash)$/)
    }
    const { code, stdout } = await procward(['ps'])
    assert.equal(code, 1)
    assert.match(stdout, new RegExp(`^ *${dead.call} +${dead.host}  orphan `, 'm'))
    const { checks } = documentOf(await procward(['doctor', '--json']))
    assert.deepEqual(
      checks.filter(({ name }) => name === 'leftovers'),
      [
        {
          name: 'leftovers',
          status: 'warn',
          message: '2 processes of dead servers; procward clean shows them',
        },
      ],
    )
    assert.deepEqual(
      [...spared, ...left].filter((pid) => !isAlive(pid)),
      [],
    )

    const cleaned = await procward(['clean', '--yes', '--json'])
    assert.deepEqual([cleaned.code, cleaned.stderr], [0, ''])
    const ends = documentOf(cleaned)
    assert.deepEqual([ends.dryRun, ends.errors], [false, []])
    assert.deepEqual(
      ends.orphans.map(({ ended }) => ended),
      [true, true],
    )
    assert.match(
      ends.orphans.find(({ pid }) => pid === dead.leaf).command,
      /^node .*sleeper\.mjs leaf$/,
    )
    assert.deepEqual(left.filter(isAlive), [])
    assert.deepEqual(
      spared.filter((pid) => !isAlive(pid)),
      [],
    )
    const after = await procward(['clean', '--yes'])
    assert.deepEqual([after.code, after.stdout], [0, NOTHING])
  })

  test('no environment variable widens its scope', async (t) => {
    const others = [await child(t), await unrelated(t)]
    const env = { CLEANUP_SCOPE: 'machine', PROCESS_MAX_AGE: '1', CLEANUP_INTERVAL: '1' }
    await until(async () =>
      documentOf(await procward(['ps', '--all', '--json'])).processes.every(isOldEnough),
    )
    for (let time = 0; time < 3; time++) {
      const { code, stdout } = await procward(['clean', '--yes'], { env })
      assert.deepEqual([code, stdout], [0, NOTHING])
    }
    assert.deepEqual(others.filter(isAlive), others)

    function isOldEnough({ pid, age }) {
      return !others.includes(pid) || age > 1000
    }
  })
}
