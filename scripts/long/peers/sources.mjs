// The sources and tests of other packages, in folders of their own below target/long/git.

import { execFile } from 'node:child_process'
import * as fs from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Skip } from '../support/checks.mjs'
import { folder } from '../support/install.mjs'

/** No measurement, only an end to waiting. */
const timeout = 60_000
const run = promisify(execFile)

/**
 * A commit or a tag of a repository, or a package of npm that has the tests.
 * @typedef {{ repository: string, commit: string }} Checkout
 * @typedef {Checkout | { package: string }} Source
 */

/**
 * Returns the folder with the sources of a package.
 * @param {string} name
 * @param {Source} source
 * @param {string} modules - folder of the packages that the tests need
 */
export async function sourcesOf(name, source, modules) {
  const place = join(folder, 'git', name)
  if ('package' in source) copyPackage(place, join(modules, source.package))
  else if (!fs.existsSync(join(place, 'package.json'))) await checkOut(place, source)
  const linked = join(place, 'node_modules')
  fs.rmSync(linked, { force: true, recursive: true })
  fs.symlinkSync(modules, linked, 'junction')
  return place
}

/** @param {string} place @param {string} from */
function copyPackage(place, from) {
  fs.rmSync(place, { recursive: true, force: true })
  fs.cpSync(from, place, { recursive: true })
}

/** @param {string} place @param {Checkout} source */
async function checkOut(place, { repository, commit }) {
  const clones = process.env.PROCWARD_PEERS_DIR
  const from = clones ? resolve(clones, basename(repository)) : repository
  fs.mkdirSync(place, { recursive: true })
  // A prompt for a password would wait for ever.
  const env = { ...process.env, GIT_TERMINAL_PROMPT: '0' }
  const git = (/** @type {string[]} */ ...args) => run('git', args, { cwd: place, timeout, env })
  try {
    await git('init', '--quiet')
    await git('fetch', '--quiet', '--depth=1', from, commit)
    await git('checkout', '--quiet', 'FETCH_HEAD')
  } catch (error) {
    fs.rmSync(place, { recursive: true, force: true })
    const [reason] = (error.stderr || error.message).trim().split('\n')
    throw new Skip(`cannot fetch ${commit} of ${from}: ${reason}`)
  }
}
