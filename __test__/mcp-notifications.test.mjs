import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import notifications from '../lib/mcp/notifications.js'

const LOG = 'notifications/message'

describe('a log message of a server', () => {
  const heard = (/** @type {unknown} */ params) => {
    /** @type {unknown[]} */
    const messages = []
    const onLog = (/** @type {unknown} */ message) => messages.push(message)
    const taken = { events: [{ method: LOG, params }], dropped: 0, missed: false }
    notifications.notifyAll('one', taken, { onLog }, /** @type {any} */ ({}))
    return messages
  }

  for (const params of [
    { level: 'info', data: 'words' },
    { level: 'emergency', logger: 'its own', data: { any: ['value'] } },
    { level: 'debug', data: null },
  ])
    test(`is passed on: ${JSON.stringify(params)}`, () => {
      assert.deepEqual(heard(params), [params])
    })

  for (const params of [null, undefined, 5, 'info', [], [1], {}, { level: 5 }, { level: 'loud' }])
    test(`is not passed on if listeners could not use it: ${JSON.stringify(params)}`, () => {
      assert.deepEqual(heard(params), [])
    })
})
