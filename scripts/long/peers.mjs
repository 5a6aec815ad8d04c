// Runs the tests of other packages: those that start child processes with `procward/register` and
// without, and limiters with a semaphore of ours in the place of theirs. `node
// scripts/long/peers.mjs WORD` runs the packages whose names hold the word. The sources come from
// their repositories, or from clones of these in the folder PROCWARD_PEERS_DIR. The reports stay in
// target/long/peers. The addon has to be built.

import { checkLimiters } from './peers/limiters.mjs'
import { checkStarters } from './peers/starters.mjs'
import { Checks } from './support/checks.mjs'

const word = process.argv[2] ?? ''
const checks = new Checks()
await checkStarters(checks, word)
await checkLimiters(checks, word)
checks.finish()
