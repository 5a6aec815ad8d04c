// A subscription to a resource by procward and by the client of the TypeScript SDK: what each makes
// of the server's answers and of an update. The server has the tools `touch`, which announces an
// update, and `subscriptions`, which says what has subscribers.

import { setTimeout as sleep } from 'node:timers/promises'
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { McpPool } from '../../../../index.js'
import { sdkClient } from './sdk.mjs'

const TIMEOUT = 300_000
const PAUSE = 100
/** No measurement, only an end to waiting. */
const LOOKS = 300

/**
 * @typedef {{ call: (tool: string, args?: object) => Promise<any>, leave: () => unknown }} Client
 */

/** @param {Record<string, any>} definition @param {string} uri */
export async function poolSubscription(definition, uri) {
  const timeouts = { callTimeout: TIMEOUT, startTimeout: TIMEOUT }
  const pool = new McpPool({ servers: { it: definition }, ...timeouts })
  /** @type {unknown[]} */
  const updates = []
  try {
    const leave = await pool.subscribe('it', uri, (update) => updates.push(update))
    return await observed(
      { call: (...given) => pool.callTool('it', ...given), leave },
      uri,
      updates,
    )
  } finally {
    await pool.close()
  }
}

/** @param {Record<string, any>} definition @param {string} cwd @param {string} uri */
export async function sdkSubscription(definition, cwd, uri) {
  const client = await sdkClient(definition, cwd)
  /** @type {unknown[]} */
  const updates = []
  try {
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
      updates.push(params)
    })
    await client.subscribeResource({ uri })
    const call = (/** @type {string} */ name, args = {}) =>
      client.callTool({ name, arguments: args })
    return await observed({ call, leave: () => client.unsubscribeResource({ uri }) }, uri, updates)
  } finally {
    await client.close()
  }
}

/**
 * The subscription as the server has it, an update as the client has it, and the end.
 * @param {Client} client
 * @param {string} uri
 * @param {unknown[]} updates
 */
async function observed({ call, leave }, uri, updates) {
  const subscribed = await call('subscriptions')
  // The SDK's client does not wait for the stream on which updates come.
  for (let look = 0; updates.length === 0; look++) {
    if (look === LOOKS) throw new Error('no update came')
    await call('touch', { uri })
    await sleep(PAUSE)
  }
  await leave()
  let left = await call('subscriptions')
  for (let look = 0; left.content[0].text !== '' && look < LOOKS; look++) {
    await sleep(PAUSE)
    left = await call('subscriptions')
  }
  return { subscribed, update: updates[0], left }
}
