// Runs the long checks, which need a package registry or many minutes: `npm run check:long
// [PART...]`; all parts without a name, `-- --list` only lists them. A part is a program in
// scripts/long: its first comment says what it checks, and its last line is `N passed, N failed, N
// skipped`. What the parts install stays in target/long.

import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from './steps.mjs'

const folder = join(root, 'scripts', 'long')
const SUM = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/

const parts = readdirSync(folder)
  .filter((name) => name.endsWith('.mjs'))
  .map((name) => name.slice(0, -'.mjs'.length))
  .sort()
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => name !== '--list' && !parts.includes(name))

for (const part of parts) console.log(`${part.padEnd(12)}${about(part)}`)
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')}`)
  process.exit(2)
}
if (wanted.includes('--list')) process.exit(0)

/** @type {string[]} */
const sums = []
for (const part of wanted.length === 0 ? parts : wanted) {
  console.log(`\n> ${part}`)
  const { sum, failed } = await run(part)
  sums.push(`${part}: ${sum}`)
  if (failed) process.exitCode = 1
}
console.log(`\n${sums.join('\n')}`)

/** The first sentence of a part's program. @param {string} part */
function about(part) {
  const [first] = readFileSync(join(folder, `${part}.mjs`), 'utf8').split('\n')
  return first.replace(/^\/\/ /, '')
}

/** Runs a part with its output shown; returns its sum. @param {string} part */
async function run(part) {
  const child = spawn(process.execPath, [join(folder, `${part}.mjs`)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let last = ''
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line)
    if (line.trim() !== '') last = line
  }
  const code = child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve)))
  const [, passed, failed, skipped = '0'] = SUM.exec(last) ?? []
  // A part that gives no sum has crashed.
  if (passed === undefined)
    return { sum: `0 passed, 1 failed, 0 skipped (it ended with ${code} and no sum)`, failed: true }
  return {
    sum: `${passed} passed, ${failed} failed, ${skipped} skipped`,
    failed: code !== 0 || failed !== '0',
  }
}
