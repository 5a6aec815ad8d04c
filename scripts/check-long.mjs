// Runs the long checks, which need a package registry or many minutes: `npm run check:long
// [PART...]`. Without a name all parts run; `-- --list` only lists the parts, and `-- --names`
// prints their names as JSON.
//
// A part is a program in scripts/long. Its first sentence says what the part checks, and its last
// line is `N passed, N failed, N skipped`. A part that checks several things prints a line
// `NAME: N passed, N failed, N skipped` for each. The results go to scripts/long/RESULTS.md, which
// is committed. The packages that the parts install stay in target/long.

import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { record, sumOf, testedVersion } from './long/support/results.mjs'
import { root } from './steps.mjs'

const folder = join(root, 'scripts', 'long')

const parts = readdirSync(folder)
  .filter((name) => name.endsWith('.mjs'))
  .map((name) => name.slice(0, -'.mjs'.length))
  .sort()
const wanted = process.argv.slice(2)
if (wanted.includes('--names')) {
  console.log(JSON.stringify(parts))
  process.exit(0)
}
const unknown = wanted.filter((name) => name !== '--list' && !parts.includes(name))

for (const part of parts) console.log(`${part.padEnd(16)}${about(part)}`)
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')}`)
  process.exit(2)
}
if (wanted.includes('--list')) process.exit(0)

const version = testedVersion()
/** @type {string[]} */
const summary = []
for (const part of wanted.length === 0 ? parts : wanted) {
  console.log(`\n> ${part}`)
  const results = await run(part)
  record(version, results)
  for (const { name, passed, failed, skipped, note = '' } of results) {
    summary.push(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped${note}`)
    if (failed > 0) process.exitCode = 1
  }
}
console.log(`\n${summary.join('\n')}`)

/** The first sentence of a part's program. @param {string} part */
function about(part) {
  const comment = /^(\/\/ .*\n)+/.exec(readFileSync(join(folder, `${part}.mjs`), 'utf8'))?.[0] ?? ''
  const text = comment.replaceAll(/^\/\/ /gm, '').replaceAll('\n', ' ')
  return /^.*?[.](?= )/.exec(text)?.[0] ?? text
}

/**
 * Runs a part with its output shown; returns its results.
 * @param {string} part
 * @returns {Promise<(import('./long/support/results.mjs').Result & { note?: string })[]>}
 */
async function run(part) {
  const child = spawn(process.execPath, [join(folder, `${part}.mjs`)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const results = []
  let last = ''
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line)
    if (line.trim() === '') continue
    last = line
    const named = sumOf(line, part)
    if (named !== undefined && named.name !== part) results.push(named)
  }
  const code = child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve)))
  const sum = sumOf(last, part)
  if (sum === undefined || (code !== 0 && sum.failed === 0)) {
    const note = ` (the part exited with ${code}${sum ? '' : ' and without a sum'})`
    results.push({ name: part, passed: 0, skipped: 0, ...sum, failed: 1, note })
  } else if (results.length === 0) results.push(sum)
  return results
}
