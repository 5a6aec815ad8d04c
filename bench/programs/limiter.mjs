// One limiter in a process of its own, so that no other shapes the code that V8 makes of it; does
// what it is asked.

import { peers } from '../support/limiter/peers.mjs'
import { scenarios } from '../support/limiter/scenarios.mjs'

const create = peers[process.argv[2]]

process.on('message', async ({ scenario, size }) => {
  process.send(await scenarios[scenario](create, size))
})
