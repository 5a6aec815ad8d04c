// Debian's packages.

import { spawnSync } from 'node:child_process'
import { Skip } from '../support/checks.mjs'
import { command } from './commands.mjs'

/** Sees to it that packages are installed. @param {string[]} names */
export function install(...names) {
  const missing = names.filter((name) => !isInstalled(name))
  if (missing.length === 0) return
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  try {
    command('apt-update', 'apt-get', ['update', '-qq'], { env })
    command(
      'apt-install',
      'apt-get',
      ['install', '-y', '-qq', '--no-install-recommends', ...missing],
      { env },
    )
  } catch (error) {
    throw new Skip(`cannot install ${missing.join(' ')} (Debian 12, as root): ${error.message}`)
  }
}

/** @param {string} name */
function isInstalled(name) {
  const { stdout } = spawnSync('dpkg-query', ['--status', name], { encoding: 'utf8' })
  return /^Status: install ok installed$/m.test(stdout)
}
