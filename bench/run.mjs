// `npm run bench [-- SUITE...]`: runs the suites, prints their figures and writes them to RESULTS.md.

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { report } from './support/report.mjs'

const folder = fileURLToPath(new URL('.', import.meta.url))
const suites = readdirSync(new URL('suites', import.meta.url)).map((file) => file.replace(/\.mjs$/, ''))

const { positionals, values } = parseArgs({ allowPositionals: true, options: { rounds: { type: 'string' } } })
const unknown = positionals.filter((name) => !suites.includes(name))
if (unknown.length > 0) throw new Error(`there is no suite ${unknown.join(', ')}; there are: ${suites.join(', ')}`)

if (!existsSync(new URL('node_modules', import.meta.url))) {
  const windows = process.platform === 'win32'
  const flags = ['install', '--no-audit', '--no-fund', '--no-package-lock']
  execFileSync(windows ? 'npm.cmd' : 'npm', flags, { cwd: folder, stdio: 'inherit', shell: windows })
}

const all = []
for (const name of positionals.length > 0 ? positionals : suites) {
  const { suite } = await import(`./suites/${name}.mjs`)
  all.push(await suite({ rounds: Number(values.rounds ?? 10) }))
}
const text = report(all)
console.log(`\n${text}`)
writeFileSync(new URL('RESULTS.md', import.meta.url), text)
