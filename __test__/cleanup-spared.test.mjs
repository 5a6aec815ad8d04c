// What the user wants spared: by the `allow` option, and by PROCWARD_KEEP=1 in a process's
// environment.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { CleanupScanner, getActiveProcesses, run } from '../index.js'
import { sh } from './support/commands.mjs'
import { isolated } from './support/isolated.mjs'
import { isAlive, noProcessList } from './support/processes.mjs'
import { BECAUSE, reasons, untilKilled, verdicts } from './support/scans.mjs'
import { child, duringCall, sleeper } from './support/servers.mjs'
import { until } from './support/until.mjs'

const settings = /** @type {const} */ ({ scope: 'tree', maxAge: 1 })

/** The command line of the process that `allow` is tried on ends with this. */
const NAME = 'sleeper.mjs'

/** @type {[allow: (pid: number) => unknown[], isSpared: boolean][]} */
const ENTRIES = [
  [() => [], false],
  [(pid) => [pid], true],
  [(pid) => [pid + 1], false],
  [(pid) => [pid + 1, 'unknown', /^unknown$/, pid], true],
  [() => ['node'], true],
  [() => [process.execPath], true],
  [() => ['nod', 'NODE', 'bin/node', 'node ', './node', NAME, sleeper], false],
  [() => [/sleeper/], true],
  [() => [/^sleeper/], false],
  [() => [/^\S*node \S*sleeper\.mjs sleeper/], true],
  [() => [/SLEEPER/], false],
  [() => [/SLEEPER/i], true],
  [() => [/node(?= \S*sleeper\.mjs)/], true],
  [() => [/node(?= \S*worker\.mjs)/], false],
  [() => [/^(?!.*sleeper)/], false],
  [() => [/^(?!.*worker)/], true],
  [() => [/(?<=node \S*)sleeper(?<extension>\.mjs)/], true],
  [() => [/(?<letter>e)\k<letter>per/], true],
  [() => [/\p{Lu}{9}/u], false],
  [() => [/[\p{Ll}--[a-r]]l[e]{2}p/v], true],
  [() => [/sleeper/g, /sleeper/dgmsy], true],
]

isolated(import.meta.url, () => {
  describe('allow', { skip: noProcessList }, allow)
  describe('PROCWARD_KEEP', { skip: noProcessList }, keep)
})

function allow() {
  for (const [entries, isSpared] of ENTRIES)
    test(`${entries} ${isSpared ? 'spares' : 'does not spare'} node ${NAME}`, async (t) => {
      const pid = await child(t)
      const report = await new CleanupScanner({ ...settings, allow: entries(pid) }).cleanupAll()
      const code = isSpared ? BECAUSE.allowed : BECAUSE.descendant
      assert.deepEqual([verdicts(report).get(pid)?.code, isAlive(pid)], [code, isSpared])
    })

  test('a link spares its target, given by path, by name, and by name on the PATH', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'procward-allow-'))
    const before = process.env.PATH
    t.after(() => {
      process.env.PATH = before
      rmSync(folder, { recursive: true })
    })
    const link = join(folder, 'my-tool')
    symlinkSync('node', join(folder, 'other'))
    symlinkSync(process.execPath, join(folder, 'node'))
    symlinkSync('node', link)
    const check = (pid, expected) => async (allow) => {
      const report = await new CleanupScanner({ ...settings, allow }).cleanupAll({ dryRun: true })
      assert.equal(verdicts(report).get(pid)?.code, expected, `${allow}`)
    }
    const command = /** @type {[string, string[]]} */ ([link, [sleeper]])
    await duringCall(
      async (pid, lines) => {
        await until(() => lines.length === 1)
        for (const allow of [[link], [join(folder, 'other')], ['my-tool'], ['node']])
          await check(pid, BECAUSE.allowed)(allow)
        for (const allow of [['other'], [join(folder, 'none')]])
          await check(pid, BECAUSE.forgotten)(allow)
        process.env.PATH = `${before}:${folder}`
        await check(pid, BECAUSE.allowed)(['other'])
      },
      {},
      command,
    )
  })

  test('one spared process spares the whole tree of a forgotten call', () =>
    duringTree('', async (root, member) => {
      const report = await new CleanupScanner({ ...settings, allow: [member] }).cleanupAll()
      assert.deepEqual(reasons(report, { root, member }), {
        root: BECAUSE.sparedTree,
        member: BECAUSE.allowed,
      })
      assert.deepEqual([root, member].filter(isAlive), [root, member])
    }))

  test('stays in force until start() changes it', async (t) => {
    const pid = await child(t)
    const scanner = new CleanupScanner({ ...settings, allow: ['node'], interval: 3_600_000 })
    t.after(() => scanner.stop())
    scanner.start({ allow: [pid] })
    scanner.start({ maxAge: 2 })
    assert.deepEqual(reasons(await scanner.cleanupAll(), { pid }), { pid: BECAUSE.allowed })
    // The scan at the start is not to be the one that ends it.
    await until(() => scanner.getStats().stats.scans === 2)
    scanner.start({ allow: [] })
    assert.deepEqual(reasons(await scanner.cleanupAll(), { pid }), { pid: BECAUSE.descendant })
    assert.ok(!isAlive(pid))
  })
}

function keep() {
  for (const PROCWARD_KEEP of ['0', '', 'true', '11'])
    test(`a call with '${PROCWARD_KEEP}' is terminated`, async () => {
      const scanner = new CleanupScanner(settings)
      const ended = assert.rejects(run(process.execPath, [sleeper], { env: { PROCWARD_KEEP } }), {
        code: 'ERR_CLEANUP',
      })
      const [{ pid }] = await until(() => getActiveProcesses().length > 0 && getActiveProcesses())
      await untilKilled(scanner, pid)
      await ended
    })

  test("is not inherited from the server's own environment", async (t) => {
    process.env.PROCWARD_KEEP = '1'
    t.after(() => delete process.env.PROCWARD_KEEP)
    const print = (options) => run('printenv', ['PROCWARD_KEEP'], { reject: false, ...options })
    const printed = [
      await print(),
      await print({ env: { PROCWARD_KEEP: '1' } }),
      await print({ detached: true }),
    ]
    assert.deepEqual(
      printed.map(({ stdout }) => stdout),
      ['', '1\n', '1\n'],
    )
    const ended = assert.rejects(run(process.execPath, [sleeper]), { code: 'ERR_CLEANUP' })
    const [{ pid }] = await until(() => getActiveProcesses().length > 0 && getActiveProcesses())
    await untilKilled(new CleanupScanner(settings), pid)
    await ended
  })

  test("a call with '1' is spared", () =>
    duringCall(
      async (pid, lines) => {
        await until(() => lines.length === 1)
        const report = await new CleanupScanner(settings).cleanupAll()
        assert.deepEqual(reasons(report, { pid }), { pid: BECAUSE.kept })
        assert.ok(isAlive(pid))
      },
      { env: { PROCWARD_KEEP: '1' } },
    ))

  test('one spared process spares the whole tree of a forgotten call', () =>
    duringTree('PROCWARD_KEEP=1', async (root, member) => {
      const report = await new CleanupScanner(settings).cleanupAll()
      assert.deepEqual(reasons(report, { root, member }), {
        root: BECAUSE.sparedTree,
        member: BECAUSE.kept,
      })
      assert.deepEqual([root, member].filter(isAlive), [root, member])
    }))
}

/**
 * The same with a call whose root is a shell, with a Node.js process below it.
 * @param {string} environment of that process
 * @param {(root: number, member: number) => Promise<void>} act
 */
function duringTree(environment, act) {
  const tree = sh(`${environment} "$1" "$2" & wait`, process.execPath, sleeper)
  return duringCall(
    async (root, lines) => {
      const [line] = await until(() => lines.length > 0 && lines)
      await act(root, Number(line.split(' ')[1]))
    },
    {},
    tree,
  )
}
