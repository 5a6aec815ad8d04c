// Lists and calls the tools of real servers through procward, both mcporters and the SDK's client:
// all come to the same. The servers are those of scripts/long/servers/catalogue, of npm and PyPI.
// `node scripts/long/servers.mjs WORD` runs only those with the word in their name.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { catalogue } from './servers/catalogue/index.mjs'
import { asPrinted, normal, same } from './servers/compare.mjs'
import { commandLine, mcporter } from './servers/series/mcporter.mjs'
import { poolRequests, poolTools, procward, procwardTools } from './servers/series/procward.mjs'
import { sdk } from './servers/series/sdk.mjs'
import { Checks } from './support/checks.mjs'
import { folder } from './support/install.mjs'
import { newMcporter, oldMcporter } from './support/mcporters.mjs'

mkdirSync(folder, { recursive: true })
const place = mkdtempSync(join(folder, 'servers-'))
const words = process.argv.slice(2)
const checks = new Checks()
/** mcporter 0.9 ends with 0 when a tool answered with an error. */
const mcporters = [
  {
    mcporter: await checks.check('mcporter 0.9 on Node.js 20 is here', oldMcporter),
    tellsErrors: false,
  },
  {
    mcporter: await checks.check('mcporter 0.12 on Node.js 24 is here', newMcporter),
    tellsErrors: true,
  },
]

for (const { name, prepare } of catalogue(place)) {
  if (!words.every((word) => name.includes(word))) continue
  const prepared = await checks.check(`${name} is here`, prepare)
  await compared(name, prepared)
  await prepared?.stop?.()
}
rmSync(place, { recursive: true, force: true })
checks.finish()

/** @param {string} name @param {any} prepared */
async function compared(name, prepared) {
  const configPath = join(place, 'mcporter.json')
  const { definition, calls = [], requests = [], rules, reset } = prepared ?? {}
  writeFileSync(configPath, JSON.stringify({ imports: [], mcpServers: { it: definition } }))
  const series = (/** @type {() => any} */ work) => {
    reset?.()
    return work()
  }
  const direct = await checks.check(
    `${name}: the SDK's client`,
    () => twice(() => series(() => sdk(definition, place, calls, requests))),
    prepared ?? false,
  )
  await checks.check(
    `${name}: results to the letter as the SDK's client has them`,
    async () => {
      const raw = await series(() => procward('callToolRaw', configPath, calls))
      for (const [at, call] of calls.entries())
        equal(call, raw[at], direct.outcomes[at], "the SDK's client")
      same(await poolTools(definition), direct.tools, 'list', "the SDK's client")
      const answers = await poolRequests(definition, requests)
      for (const [at, [method, given]] of requests.entries()) {
        const what = `${method} ${JSON.stringify(given)}`
        same(answers[at], direct.answers[at], what, "the SDK's client")
      }
      const { tools } = direct
      return `${calls.length} calls, ${tools.length} tools, ${requests.length} requests`
    },
    direct ?? false,
  )
  if (direct === undefined) return
  const list = await checks.check(`${name}: list`, () => procwardTools(configPath))
  const ours = await checks.check(`${name}: results`, () =>
    series(() => procward('callToolAsync', configPath, calls)),
  )
  for (const { mcporter: one, tellsErrors } of mcporters) {
    await checks.check(
      `${name}: results and list as ${one?.name ?? 'a mcporter'} has them`,
      () => twice(() => beside(one, tellsErrors)),
      (one && list && ours) ?? false,
    )
  }

  /** @param {import('./support/mcporters.mjs').Mcporter} one @param {boolean} tellsErrors */
  async function beside(one, tellsErrors) {
    const theirs = await series(() => mcporter(one, configPath, calls))
    for (const [at, call] of calls.entries()) {
      equal(
        call,
        asPrinted(ours[at], tellsErrors),
        asPrinted(theirs.outcomes[at], tellsErrors),
        one.name,
      )
    }
    same(list, theirs.tools, 'list', one.name)
    const first = await series(() => commandLine(one, configPath, calls[0]))
    equal(
      calls[0],
      asPrinted(ours[0], false),
      asPrinted(first, false),
      `the command line of ${one.name}`,
    )
  }

  /** @param {[string, object]} call @param {any} ours @param {any} theirs @param {string} who */
  function equal([tool, args], ours, theirs, who) {
    same(
      normal(rules, tool, ours),
      normal(rules, tool, theirs),
      `${tool} ${JSON.stringify(args)}`,
      who,
    )
  }
}

/**
 * Once more after a failure: on a busy machine a client may give a server up.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
function twice(work) {
  return work().catch(() => work())
}
