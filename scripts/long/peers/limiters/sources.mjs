// The sources and tests of the other limiters, in folders of their own below target/long/git.

import { execFile } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Skip } from '../../support/checks.mjs'
import { folder } from '../../support/install.mjs'

/** No measurement, only an end to waiting. */
const timeout = 60_000
const run = promisify(execFile)

/**
 * A commit of a repository, or a package of npm that has the tests.
 * @typedef {{ repository: string, commit: string } | { package: string }} Source
 */

/**
 * Returns the folder with the sources of a limiter.
 * @param {string} name
 * @param {Source} source
 * @param {string} modules - folder of the packages that the tests need
 */
export async function sourcesOf(name, source, modules) {
  const place = join(folder, 'git', name)
  if ('package' in source) copyPackage(place, join(modules, source.package))
  else if (!fs.existsSync(join(place, 'package.json'))) await checkOut(place, source)
  asDefaultImports(join(place, 'test'))
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

/** @param {string} place @param {{ repository: string, commit: string }} source */
async function checkOut(place, { repository, commit }) {
  fs.mkdirSync(place, { recursive: true })
  const git = (/** @type {string[]} */ ...args) => run('git', args, { cwd: place, timeout })
  try {
    await git('init', '--quiet')
    await git('fetch', '--quiet', '--depth=1', repository, commit)
    await git('checkout', '--quiet', 'FETCH_HEAD')
  } catch (error) {
    fs.rmSync(place, { recursive: true, force: true })
    throw new Skip(`cannot fetch ${repository}: ${error.message.split('\n')[0]}`)
  }
}

/**
 * Makes `assert` callable. Its namespace is callable for TypeScript's compiler only.
 * @param {string} tests - their folder
 */
function asDefaultImports(tests) {
  for (const name of fs.readdirSync(tests)) {
    const file = join(tests, name)
    if (!name.endsWith('.ts')) continue
    const text = fs.readFileSync(file, 'utf8')
    fs.writeFileSync(file, text.replace('import * as assert from', 'import assert from'))
  }
}
