// Feeds the readers of foreign input with invented input, ten minutes each. `node
// scripts/long/fuzz.mjs --minutes N` takes another time. The Rust readers need cargo-fuzz; fuzz/
// README.md says how a finding is run again.

import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { parse } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { root } from '../steps.mjs'
import { Checks, Skip } from './support/checks.mjs'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } })
const seconds = Math.ceil(Number(values.minutes) * 60)
/** No measurement, only an end to waiting: instrumented code compiles for minutes. */
const timeout = seconds * 1000 + 1_800_000
const DICTIONARIES = { events: ['-dict=fuzz/events.dict'] }

const run = promisify(execFile)
const options = {
  cwd: root,
  timeout,
  maxBuffer: 2 ** 28,
  env: { ...process.env, RUSTC_BOOTSTRAP: '1' },
}
const checks = new Checks()

await checks.check('the reader of mcporter’s configuration', async () => {
  const args = ['fuzz/configuration.mjs', '--minutes', values.minutes]
  return (await run(process.execPath, args, options)).stdout.trim()
})

const tool = await checks.check('cargo-fuzz is here', async () => {
  try {
    return (await run('cargo', ['fuzz', '--version'], options)).stdout.trim()
  } catch {
    throw new Skip('needs `cargo install cargo-fuzz`')
  }
})
for (const target of readdirSync(`${root}/fuzz/fuzz_targets`).map((file) => parse(file).name)) {
  const limits = [`-max_total_time=${seconds}`, '-rss_limit_mb=512']
  const args = ['fuzz', 'run', target, '--', ...(DICTIONARIES[target] ?? []), ...limits]
  const body = async () => {
    const { stderr } = await run('cargo', args, options)
    return /^Done \d+ runs/m.exec(stderr)?.[0]
  }
  await checks.check(`the reader of ${target}`, body, tool ?? false)
}
checks.finish()
