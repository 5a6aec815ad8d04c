// The health routes of several processes behind one address, as the dashboard asks them.

import assert from 'node:assert/strict'
import { until } from '../../../__test__/support/until.mjs'
import { ask } from '../../../lib/dashboard/connection.js'

/** The requests for each route of each process. */
const REQUESTS = 10

/**
 * Checks that each answer is that of one process, which it names, and that the page keeps to one.
 * @param {import('./session.mjs').App[]} apps
 */
export async function checkInstances(apps) {
  const { fetch } = globalThis
  const url = `http://127.0.0.1:${apps[0].port}`
  // A request on a connection of its own may go to another process.
  globalThis.fetch = (path, { headers, ...options } = {}) =>
    fetch(`${url}/${path}`, { ...options, headers: { ...headers, connection: 'close' } })
  try {
    /** @type {Map<string, number>} */
    const pids = new Map()
    await until(async () => {
      const { body } = await ask('events')
      if (body === undefined) return false
      const known = pids.get(body.instance) ?? body.process.pid
      assert.equal(body.process.pid, known, 'one name for two processes')
      pids.set(body.instance, known)
      return pids.size === apps.length
    })
    assert.deepEqual(sorted(pids.values()), sorted(apps.map(({ app }) => app)))
    for (const [instance, pid] of pids) {
      for (let request = 0; request < REQUESTS; request++) {
        const [events, history] = [await ask('events', instance), await ask('history', instance)]
        assert.deepEqual([events.body.instance, history.body.instance], [instance, instance])
        assert.equal(events.body.process.pid, pid)
        assert.equal(await streamed(url, instance), pid)
      }
      const page = await (await globalThis.fetch('dashboard')).text()
      assert.match(page, /id="process-facts"/)
    }
  } finally {
    globalThis.fetch = fetch
  }
}

/**
 * Returns the pid in the first snapshot of a stream of one process.
 * @param {string} url
 * @param {string} instance
 */
async function streamed(url, instance) {
  return until(async () => {
    const controller = new AbortController()
    const response = await globalThis.fetch(`events?instance=${instance}`, {
      headers: { accept: 'text/event-stream' },
      signal: controller.signal,
    })
    try {
      if (response.status === 409) return undefined
      assert.equal(response.status, 200, `${url}/events`)
      let text = ''
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
        text += chunk
        const data = /^data: (.*)\n\n/m.exec(text)?.[1]
        if (data !== undefined) return JSON.parse(data).process.pid
      }
      return undefined
    } finally {
      controller.abort()
    }
  })
}

/** @param {Iterable<number>} numbers */
function sorted(numbers) {
  return [...numbers].sort((one, other) => one - other)
}
