// The apps that the bundlers build: procward as npm packs it, a server that uses it, and the
// recipes of docs/bundlers.md.

import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../../steps.mjs'
import { Skip } from '../support/checks.mjs'
import { folder } from '../support/install.mjs'

const run = promisify(execFile)
const SERVER = join(root, 'scripts', 'long', 'bundlers', 'server')
const DOCUMENT = join(root, 'docs', 'bundlers.md')

/** Packs procward without a build; returns the tarball's path. */
export async function pack() {
  const place = join(folder, 'bundlers')
  mkdirSync(place, { recursive: true })
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', place]
  const { stdout } = await run('npm', args, { cwd: root, shell: process.platform === 'win32' })
  return join(place, JSON.parse(stdout)[0].filename)
}

/**
 * Makes an app of a folder with the packages of its bundler.
 * @param {string} tarball
 * @param {string} app
 */
export async function makeApp(tarball, app) {
  await install(tarball, join(app, 'node_modules'))
  cpSync(SERVER, app, { recursive: true })
  for (const [name, text] of recipes()) {
    mkdirSync(dirname(join(app, name)), { recursive: true })
    writeFileSync(join(app, name), text)
  }
  return app
}

/**
 * Unpacks the tarball, with the addon in a package of its own, as users get it.
 * @param {string} tarball
 * @param {string} modules
 */
async function install(tarball, modules) {
  for (const name of readdirSync(modules).filter((name) => /^procward(-|$)/.test(name)))
    rmSync(join(modules, name), { recursive: true })
  const own = join(modules, 'procward')
  mkdirSync(own)
  await run('tar', ['-xzf', tarball, '-C', own, '--strip-components', '1'])
  for (const name of addons(own)) rmSync(join(own, name))
  const { dependencies } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies))
    cpSync(join(root, 'node_modules', name), join(modules, name), { recursive: true })

  const [addon] = addons(root)
  if (addon === undefined) throw new Skip('the addon is not built')
  const target = addon.split('.')[1]
  const place = join(modules, `procward-${target}`)
  mkdirSync(place)
  cpSync(join(root, 'npm', target, 'package.json'), join(place, 'package.json'))
  cpSync(join(root, addon), join(place, addon))
}

/** The addons for this machine. @param {string} place */
function addons(place) {
  const prefix = `procward.${process.platform}-${process.arch}`
  return readdirSync(place).filter((name) => name.startsWith(prefix) && name.endsWith('.node'))
}

/** Returns the files that the document shows, by name. */
function recipes() {
  const blocks = readFileSync(DOCUMENT, 'utf8').matchAll(/^```js (\S+)\n(.*?)^```$/gms)
  return [...blocks].map(([, name, text]) => /** @type {const} */ ([name, text]))
}

/**
 * Moves what a bundler has written to a folder beside it; returns that folder.
 * @param {string} app
 * @param {string} name
 */
export function takeOutput(app, name) {
  const place = join(app, 'built', name)
  rmSync(place, { recursive: true, force: true })
  mkdirSync(dirname(place), { recursive: true })
  renameSync(join(app, 'dist'), place)
  return place
}
