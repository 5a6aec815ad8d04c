// `procward fleet`: the state of a fleet, without joining it.

import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { after, test } from 'node:test'
import { documentOf, procward } from './support/cli.mjs'
import { counts, fleet } from './support/fleet.mjs'
import { freePort } from './support/free-port.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { KINDS, noRedis, startRedis } from './support/redis.mjs'
import { until } from './support/until.mjs'

const { helperOf, holding, text } = fleet()

after(assertNothingLeft)

for (const kind of KINDS) {
  test(`lists the processes and calls of a fleet on ${kind}`, {
    skip: noRedis(kind),
  }, async (t) => {
    const { url } = await startRedis(t, { kind })
    const helper = helperOf(t, url, { maxConcurrent: 2, limits: { one: 1 } })
    const other = helperOf(t, url, { maxConcurrent: 2, limits: { one: 1 } })
    const call = await holding(helper, 'one')
    const waiting = text(other, 'one')
    await until(() => counts(other).queued === 1)
    const env = { MCP_LIMIT_URL: url.replace('//', '//:@') }
    const shown = await until(async () => {
      const outcome = await procward(['fleet', '--json'], { env })
      return documentOf(outcome).waiters === 1 && documentOf(outcome)
    })
    const { address, limit, inUse, holders, processes, processList, serverList } = shown
    assert.deepEqual([address, limit, inUse, holders, processes], [url, 2, 1, 1, 2])
    assert.deepEqual(
      processList.map(({ host, pid }) => [host, pid]),
      Array(2).fill([hostname(), process.pid]),
    )
    assert.deepEqual(serverList, [{ server: 'one', inUse: 1, limit: 1 }])
    const { stdout, stderr, code } = await procward(['fleet'], { env })
    assert.deepEqual([stderr, code], ['', 0])
    assert.match(stdout, /^slots {5}1 of 2 in use by 1 call, 1 waiting$/m)
    assert.match(stdout, /^HOLDER .*\n.*:\d+ +one +1 .* \d{16}$/m)
    assert.match(stdout, /^WAITER .*\n.*:\d+ +one +1 /m)
    const { checks } = documentOf(await procward(['doctor', '--json'], { env }))
    assert.deepEqual(
      checks.filter(({ name }) => name === 'limit'),
      [{ name: 'limit', status: 'ok', message: `${url} answers; 2 helpers` }],
    )
    await call.end()
    assert.equal(await waiting, 1)
  })
}

test('says what is wrong with the address, without showing it', async () => {
  const outcome = async (url) => {
    const { code, stderr } = await procward(['fleet'], { env: { MCP_LIMIT_URL: url } })
    return [code, stderr]
  }
  assert.deepEqual(await outcome('host'), [
    2,
    "procward: MCP_LIMIT_URL must have the address of the fleet's Redis. Try npx procward --help\n",
  ])
  const [code, text] = await outcome('redis://:secret@?x')
  assert.equal(code, 2)
  assert.match(text, /MCP_LIMIT_URL: its options are/)
  const port = await freePort()
  assert.deepEqual(await outcome(`redis://:secret@127.0.0.1:${port}`), [
    3,
    `procward: cannot reach redis://127.0.0.1:${port}: the connection was refused\n`,
  ])
})
