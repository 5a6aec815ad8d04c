// A process that the kernel killed because there was no memory left: in a control group of its own,
// with little of it.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { outcomeOf } from './support/program.mjs'
import { until } from './support/until.mjs'

const MEMORY = `${300 * 2 ** 20}`

/** Where groups with a bound may be made, and what sets it: version 1 and version 2. */
const PLACES = [
  ['/sys/fs/cgroup/memory', ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes']],
  ['/sys/fs/cgroup', ['memory.max', 'memory.swap.max']],
]

/**
 * A new group with a bound, or `undefined` where none can be made.
 * @returns {string | undefined}
 */
function smallGroup() {
  for (const [place, [memory, swap]] of PLACES) {
    const folder = join(place, `procward-test-${randomUUID()}`)
    try {
      mkdirSync(folder)
    } catch {
      continue
    }
    try {
      writeFileSync(join(folder, memory), MEMORY)
      if (existsSync(join(folder, swap)))
        writeFileSync(join(folder, swap), swap === 'memory.swap.max' ? '0' : MEMORY)
      return folder
    } catch {
      rmdirSync(folder)
    }
  }
}

const ENTER = ['sh', '-c', 'echo 0 > "$0/cgroup.procs" && exec "$@"']

/** Takes memory until it is killed. The kernel kills it before its parent. */
const EATER = `
  require('fs').writeFileSync('/proc/self/oom_score_adj', '1000')
  const eaten = []
  for (;;) eaten.push(Buffer.alloc(2 ** 20, 1))`

const SERVER = `
  import { getMetrics, run } from 'procward'
  const ends = async (server, command, args) => {
    await run(command, args, { server, reject: false })
    return getMetrics().children.find((of) => of.server === server).exits
  }
  const { execPath } = process
  const eats = ['-e', ${JSON.stringify(EATER)}]
  const killed = await ends('killed', execPath, ['-e', 'process.kill(process.pid, "SIGKILL")'])
  const eaten = await ends('eats', execPath, eats)
  const below = await ends('starts', 'sh', ['-c', '"$@"; exit $?', 'sh', execPath, ...eats])
  console.log(JSON.stringify({ killed, eaten, below }))`

test('an exit for lack of memory has the reason oom, and no other exit has it', async (t) => {
  const group = process.platform === 'linux' ? smallGroup() : undefined
  if (group === undefined) return t.skip('needs a control group with a bound of its own')
  t.after(async () => {
    // The kernel takes its time to see that it is empty.
    await until(() => {
      try {
        rmdirSync(group)
        return true
      } catch {
        return false
      }
    })
  })
  const { stdout, stderr } = await outcomeOf(SERVER, { wrapper: [...ENTER, group] })
  assert.deepEqual(JSON.parse(stdout || JSON.stringify(stderr)), {
    killed: { killed: 1 },
    eaten: { oom: 1 },
    below: { oom: 1 },
  })
})
