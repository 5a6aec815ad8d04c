// Several processes behind one address: an answer is that of one process, which it names.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ask } from '../lib/dashboard/connection.js'

const PROGRAM = fileURLToPath(new URL('fixtures/health-host.cjs', import.meta.url))
const ROUTES = ['history', 'events']

describe('the workers of a cluster', () => {
  let primary
  const { fetch } = globalThis
  before(async () => {
    primary = spawn(process.execPath, [PROGRAM, 'cluster'], { stdio: ['pipe', 'pipe', 'inherit'] })
    const [url] = await once(createInterface({ input: primary.stdout }), 'line')
    // Each request on a connection of its own goes to the next worker.
    globalThis.fetch = (path, { headers, ...options } = {}) =>
      fetch(`${url}/${path}`, { ...options, headers: { ...headers, connection: 'close' } })
  })
  after(async () => {
    globalThis.fetch = fetch
    primary.stdin.end()
    await once(primary, 'exit')
  })

  const JSON_ONLY = { headers: { accept: 'application/json' } }
  async function instances() {
    const found = new Set()
    for (let request = 0; request < 40 && found.size < 2; request++)
      found.add((await (await globalThis.fetch('events', JSON_ONLY)).json()).instance)
    return [...found]
  }

  for (const route of ROUTES) {
    test(`/${route} answers for the process that was asked for, or refuses`, async () => {
      const both = await instances()
      assert.equal(both.length, 2)
      const statuses = new Set()
      for (let request = 0; request < 20; request++) {
        const response = await globalThis.fetch(`${route}?instance=${both[0]}`, JSON_ONLY)
        const body = await response.json()
        statuses.add(response.status)
        if (response.ok) assert.equal(body.instance, both[0])
        else assert.deepEqual([response.status, body.error.code], [409, 'ERR_OTHER_PROCESS'])
      }
      assert.deepEqual([...statuses].sort(), [200, 409])
    })

    test(`the page gets /${route} of one process`, async () => {
      const [, other] = await instances()
      for (let request = 0; request < 10; request++)
        assert.equal((await ask(route, other)).body.instance, other)
    })

    test(`the page gets /${route} of another process, when its own has ended`, async () => {
      const { body } = await ask(route, 'ended')
      assert.ok((await instances()).includes(body.instance))
    })
  }

  test('a name is that of one process, whose pid is in each snapshot', async () => {
    const pids = []
    for (const instance of await instances()) {
      const own = new Set()
      for (let request = 0; request < 10; request++)
        own.add((await ask('events', instance)).body.process.pid)
      assert.equal(own.size, 1)
      pids.push(...own)
    }
    assert.equal(new Set(pids).size, 2)
  })

  test('a stream of another process is refused', async () => {
    const response = await globalThis.fetch('events?instance=ended')
    assert.equal(response.status, 409)
  })
})
