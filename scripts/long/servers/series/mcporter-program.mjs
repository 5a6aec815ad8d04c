// One mcporter's commands in one process with one session: `mcporter-program.mjs FOLDER JOB`. A
// process for each would lose what servers keep between calls, such as a page in a browser.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

process.env.MCPORTER_DISABLE_AUTORUN = '1'
const [, , folder, text] = process.argv
const job = JSON.parse(text)
const load = (file) => import(pathToFileURL(join(folder, file)).href)
const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const { createRuntime } = await load(exports['.'].import)
const { handleCall } = await load(exports['./cli'].import)
const { handleList } = await load('dist/cli/list-command.js')

/** @type {string[]} */
let lines = []
console.log = (line) => lines.push(line)

/** @param {() => Promise<void>} command */
async function printed(command) {
  lines = []
  process.exitCode = 0
  await command()
  return { printed: lines.join('\n'), exitCode: process.exitCode }
}

const runtime = await createRuntime({ configPath: job.configPath })
const list = await printed(() => handleList(runtime, job.list))
const outcomes = []
for (const args of job.calls) outcomes.push(await printed(() => handleCall(runtime, args)))
await runtime.close()
process.stdout.write(`\n\u0001told\u0001${JSON.stringify({ list, outcomes })}`, () =>
  process.exit(0),
)
