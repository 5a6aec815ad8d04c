// Fuzzes the reader of mcporter's configuration: `node fuzz/configuration.mjs [--minutes N |
// --rounds N] [--seed N]`. Whatever the files hold, reading them gives servers and problems: no
// exception, no value in a problem, in bounded time.

import { parseArgs } from 'node:util'
import { randomFrom } from '../__test__/fixtures/random.mjs'
import { judge, mutated } from './configuration-cases.mjs'

const { values } = parseArgs({
  options: { minutes: { type: 'string' }, rounds: { type: 'string' }, seed: { type: 'string' } },
})
const seed = Number(values.seed ?? Date.now() % 2 ** 31)
const until =
  values.minutes === undefined ? Infinity : performance.now() + Number(values.minutes) * 60_000
const rounds = Number(values.rounds ?? (until === Infinity ? 10_000 : Infinity))

let [round, slowest, most] = [0, 0, 0]
for (; round < rounds && performance.now() < until; round++) {
  const files = mutated(randomFrom(seed + round))
  const began = performance.now()
  const problem = await judge(files).catch((error) => error.stack)
  slowest = Math.max(slowest, performance.now() - began)
  if (round % 1000 === 0) most = Math.max(most, process.memoryUsage().rss)
  if (problem === undefined) continue
  console.error(`seed ${seed + round}: ${problem}`)
  for (const [name, text] of Object.entries(files)) console.error(`${name}: ${text.slice(0, 2000)}`)
  process.exit(1)
}
console.log(
  `${round} rounds from seed ${seed}; slowest ${slowest.toFixed()} ms; at most ${(most / 2 ** 20).toFixed()} MiB`,
)
