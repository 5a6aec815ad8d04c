// Runs commands as on a machine without a network and without Rust.

import { spawnSync } from 'node:child_process'
import { delimiter } from 'node:path'

const FOLDERS = process.platform === 'win32' ? ['C:\\Windows\\System32'] : ['/usr/bin', '/bin']
/** No measurement, only an end to waiting. */
const timeout = 300_000

/**
 * Returns a function that runs a command in a network namespace of its own, where there can be one.
 */
export function alone() {
  const prefix = namespace()
  return {
    hasNoNetwork: prefix.length > 0,
    /**
     * Runs a program; returns its output.
     * @param {string[]} command
     * @param {{ cwd: string, home: string, path: string[] }} place
     */
    run(command, { cwd, home, path }) {
      const [program, ...args] = [...prefix, ...command]
      const env = {
        PATH: [...path, ...FOLDERS].join(delimiter),
        HOME: home,
        npm_config_cache: `${home}/npm-cache`,
        ...(process.platform === 'win32' && {
          SystemRoot: process.env.SystemRoot,
          ...{ USERPROFILE: home, TEMP: home, TMP: home },
        }),
      }
      const options = { cwd, env, timeout, encoding: /** @type {const} */ ('utf8') }
      const { status, signal, error, stdout, stderr } = spawnSync(program, args, options)
      return { status: status ?? error?.message ?? signal, stdout, stderr }
    },
  }
}

/** The command that starts another without a network; none where no such namespace can be made. */
function namespace() {
  if (process.platform !== 'linux') return []
  const ways = [
    ['unshare', '--net'],
    ['unshare', '--user', '--map-root-user', '--net'],
  ]
  const found = ways.find(
    ([command, ...args]) => spawnSync(command, [...args, 'true']).status === 0,
  )
  return found ?? []
}
