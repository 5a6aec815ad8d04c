// `procward kill`, which ends a tree that was started through procward, and nothing else.

import assert from 'node:assert/strict'
import { spawn as plainSpawn } from 'node:child_process'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { McpPool, run, spawn } from '../index.js'
import { bin, documentOf, procward } from './support/cli.mjs'
import { hostileServer } from './support/hostile.mjs'
import { assertNothingLeft, isAlive, kill, noProcessList } from './support/processes.mjs'
import { child, host, sleeper, unrelated } from './support/servers.mjs'
import { until } from './support/until.mjs'

const skip = noProcessList
/** A root that does not heed SIGTERM, with a child in a session and an environment of its own. */
const HOSTILE = `trap '' TERM; echo "call $$"; env -i setsid "$0" "$1" leaf & while :; do wait; sleep 1; done`
const hostile = {
  command: ['sh', '-c', HOSTILE, process.execPath, sleeper],
  names: ['leaf'],
}

after(() => {
  if (!skip) assertNothingLeft()
})

/** The outcome of `kill --json`. @param {(string | number)[]} args */
async function killed(...args) {
  const outcome = await procward(['kill', '--json', ...args.map(String)])
  const { schemaVersion, command, ...document } = documentOf(outcome)
  assert.deepEqual([schemaVersion, command], [1, 'kill'])
  return { ...document, exitCode: outcome.code, stderr: outcome.stderr }
}

test('ends the tree of a call, named by any process of it, and no other', { skip }, async (t) => {
  const [one, other] = [await host(t, hostile), await host(t, hostile)]
  const stranger = await unrelated(t)
  const result = await killed(one.leaf, '--grace', '100')
  assert.deepEqual([result.exitCode, result.stderr, result.errors], [0, '', []])
  assert.deepEqual([result.pid, result.owner], [one.leaf, one.host])
  const ended = result.ended.map(({ pid }) => pid)
  assert.ok([one.call, one.leaf].every((pid) => ended.includes(pid)))
  assert.deepEqual([one.call, one.leaf].filter(isAlive), [])
  const spared = [one.host, one.plain, ...Object.values(other), stranger]
  assert.deepEqual(spared.filter(isAlive), spared)
  const shown = await procward(['kill', '--grace', '0', String(other.call)])
  assert.deepEqual([shown.code, shown.stderr], [0, ''])
  assert.match(shown.stdout, new RegExp(`^\\d process(es)? of the tree of ${other.call} ended, `))
  assert.deepEqual([other.call, other.leaf].filter(isAlive), [])
})

test('ends a session, named by the pid that the server shows, and the next call starts another', {
  skip,
}, async () => {
  const pool = new McpPool({ servers: { it: hostileServer() } })
  const pidOf = () => pool.getStatus().sessions[0].pid
  try {
    await pool.callTool('it', 'echo')
    const pid = pidOf()
    const call = assert.rejects(pool.callTool('it', 'hang'), { code: 'ERR_SERVER_EXITED' })
    const result = await killed(pid)
    assert.deepEqual(
      result.ended.map((each) => each.pid),
      [pid],
    )
    assert.deepEqual([result.exitCode, result.owner], [0, process.pid])
    await call
    await pool.callTool('it', 'echo')
    assert.notEqual(pidOf(), pid)
  } finally {
    await pool.close()
  }
})

test('a process that heeds SIGTERM gets the grace period', { skip }, async () => {
  const script =
    "process.on('SIGTERM', () => process.exit(0)); console.log('ready'); setInterval(() => {}, 1000)"
  const call = spawn(process.execPath, ['-e', script])
  const exited = call.exited
  await once(call, 'line')
  const { exitCode } = await killed(call.pid, '--grace', '30000')
  assert.deepEqual([exitCode, (await exited).exitCode], [0, 0])
})

test('refuses everything that is no tree of procward, and ends nothing', { skip }, async (t) => {
  const far = await host(t)
  const others = [await child(t), await unrelated(t), far.host, far.plain, process.pid, 1]
  for (const pid of others) {
    const { exitCode, ended, owner, errors, stderr } = await killed(pid)
    assert.deepEqual([exitCode, ended, owner], [1, [], null], `${pid}`)
    const [{ code, message, ...error }] = errors
    assert.deepEqual([code, error], ['ERR_NOT_OURS', { pid }])
    assert.equal(stderr, `procward: ${message} (${code})\n`)
    const what = pid === far.host ? 'is a server that uses procward' : 'belongs to no tree'
    assert.ok(message.startsWith(`process ${pid} ${what}`), message)
  }
  assert.deepEqual(others.filter(isAlive), others)
  assert.ok(isAlive(far.call))
  const gone = plainSpawn('true')
  await once(gone, 'exit')
  const { exitCode, errors } = await killed(gone.pid)
  assert.deepEqual([exitCode, errors[0].code], [1, 'ERR_NO_SUCH_PROCESS'])
})

test('refuses the tree that the command itself belongs to', { skip }, async () => {
  const script = '"$0" "$1" kill --json $$; echo "exit $?"'
  const { stdout } = await run('sh', ['-c', script, process.execPath, bin])
  const [document, exit] = stdout.trim().split('\n')
  assert.equal(JSON.parse(document).errors[0].code, 'ERR_OWN_TREE')
  assert.equal(exit, 'exit 1')
})

test('ends the tree of a dead server', { skip }, async (t) => {
  const env = { PROCWARD_WARDEN: 'off' }
  const dead = await host(t, { ...hostile, env })
  kill(dead.host)
  await until(() => !isAlive(dead.host))
  const { exitCode, errors, owner } = await killed(dead.call, '--grace', '100')
  assert.deepEqual([exitCode, errors, owner], [0, [], dead.host])
  assert.deepEqual([dead.call, dead.leaf].filter(isAlive), [])
})
