import assert from 'node:assert/strict'
import { spawn as startServer } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isAlive, kill, noProcessList } from './support/processes.mjs'
import { until } from './support/until.mjs'

/** Each script writes the pids of its members; together thirteen. */
const TREES = [
  'echo $$; sleep 60 & echo $!; wait',
  `trap '' TERM HUP INT; echo $$; (trap '' TERM; echo $(exec sh -c 'echo $PPID'); while :; do sleep 0.05; done) & wait`,
  `echo $$; (setsid sh -c 'echo $$; exec sleep 60' &) ; exec sleep 60`,
  `echo $$; env -i setsid sh -c 'echo $$; exec sleep 60' & wait`,
  `echo $$; (env -i setsid sh -c 'echo $$; (setsid sleep 60 & echo $!); exec sleep 60' &) ; exec sleep 60`,
  `echo $$; sh -c 'echo $$; kill -STOP $$' & wait`,
]
const MEMBERS = 13

const SERVER = `
  import { spawn } from 'procward'
  for (const script of ${JSON.stringify(TREES)}) spawn('/bin/sh', ['-c', script], { killGrace: 60_000 }).on('line', (pid) => console.log(pid))
  setInterval(() => {}, 1000)
  process.stdin.on('data', (end) => (0, eval)(String(end)))`

/** A server with trees of all kinds, whose pids it has told. */
async function server(t, env = {}) {
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  const options = { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'ignore'] }
  const running = startServer(process.execPath, ['--input-type=module', '--eval', SERVER], options)
  const pids = []
  t.after(() => {
    running.kill('SIGKILL')
    for (const pid of pids) if (isAlive(pid)) kill(pid)
  })
  createInterface({ input: running.stdout }).on('line', (pid) => pids.push(pid))
  await until(() => pids.length === MEMBERS)
  assert.deepEqual(
    pids.filter((pid) => !isAlive(pid)),
    [],
  )
  return { running, pids }
}

describe('a server that exits takes all its trees with it', { skip: noProcessList }, () => {
  const ends = {
    'killed by SIGKILL': (running) => running.kill('SIGKILL'),
    'ended by SIGTERM': (running) => running.kill('SIGTERM'),
    'by process.exit()': (running) => running.stdin.write('process.exit()'),
    'by an exception': (running) => running.stdin.write('throw new Error()'),
    'by process.abort()': (running) => running.stdin.write('process.abort()'),
  }
  for (const [how, end] of Object.entries(ends))
    test(how, async (t) => {
      const { running, pids } = await server(t)
      const exited = once(running, 'exit')
      end(running)
      await exited
      await until(() => !pids.some(isAlive))
    })

  test('and without wardens the trees would stay', async (t) => {
    const { running, pids } = await server(t, { PROCWARD_WARDEN: 'off' })
    const exited = once(running, 'exit')
    running.kill('SIGKILL')
    await exited
    assert.ok(pids.some(isAlive))
  })
})
