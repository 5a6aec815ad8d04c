// The tarballs that an app is installed from.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { TARGETS } from '../../package/targets.mjs'
import { npm, folder as packages } from '../../package/tools.mjs'
import { root } from '../../steps.mjs'
import { Skip } from '../support/checks.mjs'
import { npmPackages } from '../support/install.mjs'

const SERVER = '@modelcontextprotocol/server-everything'
const { targetOf } = createRequire(import.meta.url)('../../../lib/native-problem.js')
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
const { name, version, dependencies } = lock['']

/** The name of this system among the targets. */
export function hostTarget() {
  const { glibcVersionRuntime } = /** @type {any} */ (process.report.getReport()).header
  return targetOf(process.platform, process.arch, glibcVersionRuntime)
}

/** The tarballs that `npm run package` has made of this version. */
export function packedTarballs() {
  const main = join(packages, `${name}-${version}.tgz`)
  if (!existsSync(main)) throw new Skip('needs `npm run package`')
  const found = Object.keys(TARGETS).map((target) => [
    target,
    join(packages, `${name}-${target}-${version}.tgz`),
  ])
  return { main, platforms: Object.fromEntries(found.filter(([, file]) => existsSync(file))) }
}

/** Packs the packages that procward depends on. @param {string} to a folder */
export async function dependencyTarballs(to) {
  const place = await npmPackages('install-dependencies', lockedVersions(Object.keys(dependencies)))
  return Object.keys(dependencies).map((name) => pack(join(place, 'node_modules', name), to))
}

/** Packs a server with everything that the server depends on inside. @param {string} to a folder */
export async function serverTarball(to) {
  const place = await npmPackages('install-server', lockedVersions([SERVER]))
  const installed = join(place, 'node_modules')
  const stage = join(to, 'server')
  mkdirSync(stage, { recursive: true })
  cpSync(join(installed, SERVER), stage, { recursive: true })
  cpSync(installed, join(stage, 'node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (from) => !from.startsWith(join(installed, SERVER)) && !from.endsWith('.bin'),
  })
  const manifest = JSON.parse(readFileSync(join(stage, 'package.json'), 'utf8'))
  const bundleDependencies = packageNames(join(stage, 'node_modules'))
  // Each bundled package has to be a dependency, or npm leaves the package out.
  const all = Object.fromEntries(bundleDependencies.map((name) => [name, '*']))
  const { devDependencies: _, ...rest } = manifest
  const whole = { ...rest, dependencies: { ...all, ...rest.dependencies }, bundleDependencies }
  writeFileSync(join(stage, 'package.json'), JSON.stringify(whole))
  return pack(stage, to)
}

/** @param {string} place a node_modules folder */
function packageNames(place) {
  return readdirSync(place).flatMap((name) => {
    if (name.startsWith('.')) return []
    return name.startsWith('@') ? readdirSync(join(place, name)).map((of) => `${name}/${of}`) : name
  })
}

/** @param {string[]} names */
function lockedVersions(names) {
  return Object.fromEntries(names.map((name) => [name, lock[`node_modules/${name}`].version]))
}

/** @param {string} place @param {string} to a folder; returns the tarball's path */
function pack(place, to) {
  const args = ['pack', place, '--json', '--ignore-scripts', '--pack-destination', to]
  // In the package's own folder, npm would hold to what the package asks of its developers.
  const [{ filename }] = JSON.parse(npm(to, ...args))
  return join(to, filename.replace('@', '').replace('/', '-'))
}
