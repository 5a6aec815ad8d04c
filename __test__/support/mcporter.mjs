// The real mcporter, to compare with: the installed one, or the package in the folder that
// MCPORTER_UNDER_TEST names.

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const folder =
  process.env.MCPORTER_UNDER_TEST ??
  dirname(dirname(fileURLToPath(import.meta.resolve('mcporter'))))
const commands = fileURLToPath(new URL('../fixtures/mcporter-commands.mjs', import.meta.url))
const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
/** No measurement, only an end to waiting. */
const timeout = 120_000

/**
 * Why a test of what mcporter does since this version is left out, or `false`.
 * @param {string} since such as '0.12'
 */
export function olderThan(since) {
  const number = (text) => text.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0)
  const [major, minor] = version.split('.')
  return (
    number(`${major}.${minor}`) < number(since) &&
    `mcporter ${version} doesn't do it yet, ${since} does`
  )
}

/**
 * What mcporter prints for these `call` commands, one after the other in one process.
 * @param {{ configPath: string, calls: { server: string, tool: string, args: object }[], cwd?:
 *   string, env?: NodeJS.ProcessEnv }} job
 * @returns {Promise<string[]>}
 */
export function printedCalls({ calls, ...job }) {
  const argv = ({ server, tool, args }) => [
    '--server',
    server,
    '--tool',
    tool,
    '--args',
    JSON.stringify(args),
  ]
  return printed({
    ...job,
    command: 'call',
    lines: calls.map((call) => [...argv(call), '--output', 'json']),
  })
}

/**
 * The prints of these `resource` commands.
 * @param {{ configPath: string, lines: string[][] }} job
 * @returns {Promise<string[]>}
 */
export function printedResources(job) {
  return printed({ ...job, command: 'resource' })
}

/**
 * The servers that mcporter finds, as `config list --json` prints them with placeholders
 * unresolved.
 * @param {{ configPath?: string, cwd?: string, env?: NodeJS.ProcessEnv }} job
 * @returns {Promise<any[]>}
 */
export async function listedServers(job) {
  const lines = ['local', 'import'].map((source) => ['list', '--json', '--source', source])
  const lists = await printed({ ...job, command: 'config', lines })
  return lists.flatMap((list) => JSON.parse(list).servers)
}

/**
 * @param {{ command: string, lines: string[][], configPath?: string, cwd?: string, env?:
 *   NodeJS.ProcessEnv }} job
 */
function printed({ cwd, env, ...job }) {
  return new Promise((resolve, reject) => {
    const args = [commands, folder]
    const child = execFile(
      process.execPath,
      args,
      { cwd, env, timeout },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${error.message}\n${stderr}`))
        else resolve(JSON.parse(stdout))
      },
    )
    child.stdin?.end(JSON.stringify(job))
  })
}
