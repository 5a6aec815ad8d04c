// Calls odd servers through procward, both mcporters and the SDK's clients: none may complete a
// call that procward cannot. The servers are those of __test__/fixtures/odd. `node
// scripts/long/clients.mjs WORD` runs only those with the word in their name. The whole table is
// written to target/long/clients.md, what the clients said to target/long/clients.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { oddServers, startOdd } from '../../__test__/fixtures/odd/index.mjs'
import { startClients } from './clients/clients.mjs'
import { complaint, markdown } from './clients/table.mjs'
import { Checks } from './support/checks.mjs'
import { folder } from './support/install.mjs'

/**
 * How many servers are tried at once: a client that waits out its time leaves the processors to
 * others.
 */
const LANES = 2
/**
 * A call's time at the first try and at the second, in milliseconds. No measurement, only an end to
 * waiting.
 */
const CALL = [8000, 30_000]

const place = join(folder, 'clients', String(process.pid))
mkdirSync(place, { recursive: true })
const words = process.argv.slice(2)
const names = Object.keys(oddServers).filter((name) => words.every((word) => name.includes(word)))
const waiting = [...names]
const checks = new Checks()
/** @type {Map<string, import('./clients/table.mjs').Row>} */
const rows = new Map()

await Promise.all(Array.from({ length: LANES }, (_, lane) => serve(lane)))
const ordered = names.map((name) => rows.get(name) ?? { name, cells: {} })
writeFileSync(join(folder, 'clients.md'), markdown(ordered))
const uneven = ordered.filter(({ cells }) =>
  Object.values(cells).some(({ completes }) => !completes),
)
console.log(
  `\n${markdown(uneven)}\nThe ${ordered.length - uneven.length} others are completed by all.`,
)
checks.finish()

/** Tries one server after the other with clients of its own. @param {number} lane */
async function serve(lane) {
  const clients = await startClients(checks, join(place, `lane-${lane}`))
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    await checks.check(name, () => compared(name, clients))
  }
  for (const client of clients) client.stop()
}

/**
 * Tries a server, and once more with more time when the row is not as it has to be: on a busy
 * machine calls are late.
 * @param {string} name
 * @param {import('./clients/clients.mjs').Client[]} clients
 */
async function compared(name, clients) {
  for (const timeout of CALL) {
    const row = { name, cells: await outcomes(name, clients, timeout) }
    rows.set(name, row)
    const found = complaint(row, oddServers[name])
    if (found === undefined) return
    if (timeout === CALL.at(-1)) throw new Error(found)
  }
}

/**
 * What became of the calls by each client, with a server of its own for each.
 * @param {string} name
 * @param {import('./clients/clients.mjs').Client[]} clients
 * @param {number} timeout
 */
async function outcomes(name, clients, timeout) {
  const all = clients.map(async (client) => {
    const server = await startOdd(name)
    const cell = await client.run(name, server.definition, timeout)
    await server.stop()
    return [client.name, cell]
  })
  return Object.fromEntries(await Promise.all(all))
}
