// Servers of a fleet that take connections and do not do what the limit needs.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startFalseRedis } from './support/false-redis.mjs'
import { fleet, inMode } from './support/fleet.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { KINDS, noRedis, startRedis } from './support/redis.mjs'

const { helperOf, text } = fleet()
const skip = noRedis()
const FULL = ['maxmemory 1', 'maxmemory-policy noeviction']

after(assertNothingLeft)

/** The reason for which a helper limits itself. */
async function reasonOf(t, url) {
  const helper = helperOf(t, url)
  await inMode('local', helper)
  return helper.getSemaphoreStatus().fleet?.reason
}

for (const kind of KINDS) {
  test(`errors within the script have their own words on ${kind}`, {
    skip: noRedis(kind),
  }, async (t) => {
    const full = await startRedis(t, { kind, settings: FULL })
    const away = await startRedis(t, { kind, settings: ['replicaof 127.0.0.1 1'] })
    const few = await startRedis(t, { kind, settings: ['min-replicas-to-write 1'] })
    const lacking = await startRedis(t, { kind, settings: ['rename-command EVAL ""'] })
    const reasons = [full, away, few, lacking].map(({ url }) => reasonOf(t, url))
    assert.deepEqual(await Promise.all(reasons), [
      'the server has no memory left (OOM)',
      'the server is a replica (READONLY)',
      'the server has too few replicas to write (NOREPLICAS)',
      'the server has not all commands that the limit needs; Redis 6.2 has them',
    ])
  })
}

test('a database that is not there is named', { skip }, async (t) => {
  const { url } = await startRedis(t)
  assert.equal(
    await reasonOf(t, `${url}/99`),
    'the database of the address: the server has no database of this number',
  )
})

for (const right of ['publish', 'pubsub', 'time']) {
  test(`a user without the right to ${right} is told so at once`, { skip }, async (t) => {
    const redis = await startRedis(t)
    const rights = ['on', '>word', '~*', '&*', '+@all', `-${right}`]
    await redis.command('ACL', 'SETUSER', 'someone', ...rights)
    assert.equal(
      await reasonOf(t, redis.url.replace('//', '//someone:word@')),
      'the user may not do what the limit needs (NOPERM)',
    )
  })
}

test('a server that answers with errors is asked ever less often', { skip }, async (t) => {
  const redis = await startRedis(t, { settings: FULL })
  // The pauses of two seconds are at least 25, 50, 100, 200, 400, 800 and 1000 ms.
  await inMode('local', helperOf(t, redis.url))
  const stats = await redis.command('INFO', 'stats')
  const connections = Number(/total_connections_received:(\d+)/.exec(stats)?.[1])
  assert.ok(connections < 20, `${connections} connections`)
})

for (const [error, reason] of [
  ['NOSCRIPT none', 'the server does not keep the script (NOSCRIPT)'],
  ['MOVED 1 other:1', 'the server belongs to a Redis Cluster, which is not supported'],
]) {
  test(`a server that answers each script with ${error} is given up`, async (t) => {
    const server = await startFalseRedis(t, ([command]) => {
      if (command === 'HELLO') return '%0\r\n'
      return command.startsWith('EVAL') ? `-${error}\r\n` : ':0\r\n'
    })
    assert.equal(await reasonOf(t, `redis://${server}`), reason)
  })
}

test('sentinels that say nothing do not hide the one that answers', { skip }, async (t) => {
  const { port } = await startRedis(t)
  const silent = () => startFalseRedis(t, () => undefined)
  const master = `*2\r\n$9\r\n127.0.0.1\r\n$${String(port).length}\r\n${port}\r\n`
  const sentinels = [await silent(), await silent(), await silent()]
  sentinels.push(await startFalseRedis(t, () => master))
  const helper = helperOf(t, `redis-sentinel://${sentinels.join(',')}/limits`)
  await inMode('fleet', helper)
  assert.equal(await text(helper, 'one', { cost: 3 }), 1)
})
