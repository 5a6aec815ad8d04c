// Packages that the long checks need, at fixed versions, each set in a folder of its own below
// target/long. What cannot be installed makes a check be skipped.

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../../steps.mjs'
import { Skip } from './checks.mjs'

export const folder = join(root, 'target', 'long')
/** No measurement, only an end to waiting. */
const timeout = 900_000
const run = promisify(execFile)

/**
 * Installs packages of npm; returns the folder with their `node_modules`.
 * @param {string} name - of the set
 * @param {Record<string, string>} versions
 */
export function npmPackages(name, versions) {
  return once(join(folder, 'npm', name), versions, async (place) => {
    writeFileSync(join(place, 'package.json'), '{"private":true}')
    const packages = Object.entries(versions).map(([one, version]) => `${one}@${version}`)
    const quiet = ['--no-save', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
    await run('npm', ['install', '--ignore-scripts', ...quiet, ...packages], {
      cwd: place,
      timeout,
    })
  })
}

/**
 * Installs packages of PyPI into an environment of their own; returns the folder of its programs.
 * @param {string} name - of the set
 * @param {Record<string, string>} versions
 */
export async function pythonPackages(name, versions) {
  const place = await once(join(folder, 'python', name), versions, async (place) => {
    await run('python3', ['-m', 'venv', place], { timeout })
    const packages = Object.entries(versions).map(([one, version]) => `${one}==${version}`)
    const quiet = ['--quiet', '--disable-pip-version-check', '--no-input']
    await run(join(place, 'bin', 'pip'), ['install', ...quiet, ...packages], { timeout })
  })
  return join(place, 'bin')
}

/**
 * The program of a Node.js of this version: this process's when that is it, else from npm.
 * @param {string} version
 */
export async function nodeProgram(version) {
  if (process.versions.node.split('.')[0] === version.split('.')[0]) return process.execPath
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const place = await npmPackages(`node-${version}`, { [name]: version })
  return join(
    place,
    'node_modules',
    name,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  )
}

/**
 * Fills the folder, unless it holds the same already.
 * @param {string} place
 * @param {Record<string, string>} versions
 * @param {(place: string) => Promise<void>} fill
 */
async function once(place, versions, fill) {
  const mark = join(place, 'installed.json')
  const content = JSON.stringify(versions)
  if (existsSync(mark) && readFileSync(mark, 'utf8') === content) return place
  rmSync(place, { recursive: true, force: true })
  mkdirSync(place, { recursive: true })
  try {
    await fill(place)
  } catch (error) {
    throw new Skip(`cannot install ${Object.keys(versions).join(' ')}: ${reason(error)}`)
  }
  writeFileSync(mark, content)
  return place
}

/** The first complaint of an installer. @param {any} error */
function reason({ message, stderr = '' }) {
  const lines = stderr.split('\n').filter((/** @type {string} */ line) => /error/i.test(line))
  return (lines[0] ?? message.split('\n')[0]).slice(0, 200)
}
