// The fault suite: kills servers, wardens and children for real, and looks at what is left.
//
//   node faults/run.mjs [--quick] [--only NAME,NAME] [--seed NUMBER] [--list]
//
// One line per figure: `ok` and `FAIL` are checks, `--` is a measurement that is judged by nobody.
// Exits 1 when a check fails. Each scenario is a process of its own, and those that kill have a PID
// namespace of their own.

import { existsSync, readdirSync } from 'node:fs'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { namespace } from './support/namespace.mjs'
import { runScenario } from './support/scenario.mjs'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    list: { type: 'boolean', default: false },
  },
})
const folder = fileURLToPath(new URL('scenarios', import.meta.url))
const names = readdirSync(folder).map((file) => file.replace('.mjs', ''))
const chosen = options.only?.split(',') ?? names.sort()
for (const name of chosen.filter((name) => !existsSync(`${folder}/${name}.mjs`))) {
  console.error(`There is no scenario ${name}; --list shows them.`)
  process.exit(2)
}
if (options.list) {
  console.log(names.join('\n'))
  process.exit()
}

const total = { passed: 0, failed: 0, skipped: 0 }
const begin = performance.now()
for (const name of chosen) {
  const { title, isolated } = await import(`./scenarios/${name}.mjs`)
  console.log(`\n# ${name}: ${title}`)
  if (isolated && namespace.missing) {
    console.log(`  skip ${namespace.missing}`)
    total.skipped++
    continue
  }
  const started = performance.now()
  const { passed, failed } = await runScenario(name, { ...options, isolated })
  total.passed += passed
  total.failed += failed
  if (options.only) console.log(`${name}: ${passed} passed, ${failed} failed, 0 skipped`)
  console.log(
    `  --   took ${seconds(started)}, the machine's load is now ${loadavg()[0].toFixed(1)}`,
  )
}
console.log(`\n${seconds(begin)}, seed ${options.seed}`)
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed > 0 ? 1 : 0

/** @param {number} since */
function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}
