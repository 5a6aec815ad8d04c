// `npm run bench [-- SUITE...] [--rounds N]`: runs the suites, prints their figures, and writes
// them to RESULTS.json, RESULTS.md and plots/. What suites that do not run this time have written
// before, stays.

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { drawPlots } from './plots.mjs'
import { Allowance } from './support/allowance.mjs'
import { machine } from './support/machine.mjs'
import { report, versionIn } from './support/report.mjs'
import { keepResults } from './support/results.mjs'

const folder = fileURLToPath(new URL('.', import.meta.url))
const suites = readdirSync(new URL('suites', import.meta.url)).map((file) =>
  file.replace(/\.mjs$/, ''),
)

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' } },
})
const unknown = positionals.filter((name) => !suites.includes(name))
if (unknown.length > 0)
  throw new Error(`there is no suite ${unknown.join(', ')}; there are: ${suites.join(', ')}`)

const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))
const installed = ([name, version]) => {
  const peer = new URL(`node_modules/${name}/`, import.meta.url)
  return existsSync(peer) && versionIn(peer) === version
}
if (!Object.entries(dependencies).every(installed)) {
  const windows = process.platform === 'win32'
  const flags = ['install', '--no-audit', '--no-fund', '--no-package-lock']
  execFileSync(windows ? 'npm.cmd' : 'npm', flags, {
    cwd: folder,
    stdio: 'inherit',
    shell: windows,
  })
}

const chosen = positionals.length > 0 ? positionals : suites
// Who says how many rounds needs nobody to look how slow the machine is.
const allowance = values.rounds === undefined ? new Allowance(chosen) : undefined
for (const name of chosen) {
  const { suite } = await import(`./suites/${name}.mjs`)
  const rounds = allowance?.rounds() ?? Number(values.rounds)
  const start = performance.now()
  const result = { ...(await suite({ rounds })), on: machine() }
  const took = (performance.now() - start) / 1000
  allowance?.spend(name, took)
  console.log(`\n${report([result])}\n${name}: took ${took.toFixed(0)} s for ${rounds} rounds`)
  writeFileSync(new URL('RESULTS.md', import.meta.url), report(keepResults([result])))
}
drawPlots()
