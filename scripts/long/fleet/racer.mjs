// A process that takes slots through one of the libraries in several loops, and prints the waits of
// its calls in ms at the end.

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fleetLimit, take } from './limit.mjs'

const { library, peers, port, slots, lease, call, callers, start, end } = JSON.parse(
  process.argv[2],
)
const require = createRequire(join(peers, 'package.json'))
const now = () => Number(process.hrtime.bigint()) / 1e6

/** @type {Record<string, () => { use(work: () => Promise<void>): Promise<void>, end(): any }>} */
const libraries = {
  procward() {
    const limit = fleetLimit(slots, { url: `redis://127.0.0.1:${port}`, lease })
    return {
      async use(work) {
        const held = await take(limit)
        await work()
        held.release()
      },
      end() {
        limit.close()
        return limit.left()
      },
    }
  },
  'redis-semaphore'() {
    const { Redis } = require('ioredis')
    const { Semaphore } = require('redis-semaphore')
    const client = new Redis(port)
    const options = { lockTimeout: lease, acquireTimeout: 60_000, retryInterval: 10 }
    return {
      async use(work) {
        const semaphore = new Semaphore(client, 'race', slots, options)
        await semaphore.acquire()
        await work()
        await semaphore.release()
      },
      end: () => client.disconnect(),
    }
  },
  bottleneck() {
    const { Redis } = require('ioredis')
    const Bottleneck = require('bottleneck')
    const connection = new Bottleneck.IORedisConnection({ client: new Redis(port) })
    const limiter = new Bottleneck({ id: 'race', maxConcurrent: slots, connection })
    return {
      use: (work) => limiter.schedule({ expiration: 3 * lease }, work),
      end: () => connection.disconnect(false),
    }
  },
}

const { use, end: leave } = libraries[library]()
/** @type {number[]} */
const waits = []
await sleep(Math.max(0, start - now()))
await Promise.all(Array.from({ length: callers }, loop))
process.stdout.write(JSON.stringify(waits))
await leave()

async function loop() {
  while (now() < end) {
    const arrival = now()
    await use(async () => {
      waits.push(now() - arrival)
      await sleep(call)
    })
  }
}
