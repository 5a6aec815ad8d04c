// Builds an app by each recipe of docs/bundlers.md and checks the built server, and lints the
// package's entry points. `node scripts/long/bundlers.mjs [WORD]` runs the checks whose names hold
// the word. The addon has to be built.

import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../steps.mjs'
import { checkServer } from './bundlers/check.mjs'
import { writeTable } from './bundlers/table.mjs'
import { makeApp, pack, takeOutput } from './bundlers/workspace.mjs'
import { Checks } from './support/checks.mjs'
import { npmPackages } from './support/install.mjs'

const LINTERS = { publint: '0.3.25', '@arethetypeswrong/cli': '0.18.5' }
const BUNDLERS = {
  esbuild: '0.28.2',
  webpack: '5.113.0',
  'webpack-cli': '7.3.1',
  'node-loader': '2.1.0',
  rollup: '4.68.8',
  '@rollup/plugin-commonjs': '29.0.3',
  '@rollup/plugin-node-resolve': '16.0.3',
  '@rollup/plugin-json': '6.1.0',
  vite: '8.4.0',
}
const NEXT = { next: '16.4.6', react: '19.2.3', 'react-dom': '19.2.3' }

/** The recipes: the command that users run, and the file that it writes into `dist`. */
const RECIPES = {
  'esbuild-external': [['node', 'esbuild-external.mjs'], 'server.cjs'],
  'webpack-external': [['webpack', '--config', 'webpack-external.config.cjs'], 'server.cjs'],
  'rollup-external': [['rollup', '--config', 'rollup-external.config.mjs'], 'server.mjs'],
  'vite-external': [['vite', 'build', '--config', 'vite-external.config.mjs'], 'server.mjs'],
  'vite-library': [['vite', 'build', '--config', 'vite-library.config.mjs'], 'server.mjs'],
  'esbuild-bundled': [['node', 'esbuild-bundled.mjs'], 'server.cjs'],
  'webpack-bundled': [['webpack', '--config', 'webpack-bundled.config.cjs'], 'server.cjs'],
  'rollup-bundled': [['rollup', '--config', 'rollup-bundled.config.mjs'], 'server.cjs'],
  'vite-bundled': [['vite', 'build', '--config', 'vite-bundled.config.mjs'], 'server.cjs'],
}
/** The folder beside a bundle with the files that are read at run time. */
const COPIES = 'procward'

const run = promisify(execFile)
const word = process.argv[2] ?? ''
const checks = new Checks()
/** The recipes whose servers passed. @type {Set<string>} */
const running = new Set()
const tarball = await pack()
if (wants('package')) {
  await checks.check('package: publint', () => lint('publint', 'run', '--strict', tarball))
  await checks.check('package: are the types wrong', () => lint('attw', tarball))
}
const recipes = Object.entries(RECIPES).filter(([name]) => wants(name))
if (recipes.length > 0) {
  const app = await appOf('bundlers', BUNDLERS)
  for (const [name, [command, file]] of recipes) await checkRecipe(app, name, command, file)
}
if (wants('next')) await checkNext(await appOf('next', NEXT))
if (word === '') writeTable(rows())
checks.finish()

/** @returns {import('./bundlers/table.mjs').Row[]} */
function rows() {
  const versions = { ...BUNDLERS, ...NEXT }
  const names = /** @type {const} */ (['esbuild', 'webpack', 'rollup', 'vite', 'next'])
  return names.map((name) => ({
    ...{ name, version: versions[name] },
    outside: running.has(`${name}-external`),
    ...(name === 'next' ? {} : { inside: running.has(`${name}-bundled`) }),
  }))
}

/** Tells whether checks were asked for. @param {string} name */
function wants(name) {
  return name.includes(word)
}

/** Runs a linter of packages; its output is the error's message. @param {string[]} command */
async function lint(...command) {
  return inApp(await npmPackages('package-lint', LINTERS), command)
}

/**
 * Makes the app for a set of packages.
 * @param {string} name
 * @param {Record<string, string>} versions
 */
async function appOf(name, versions) {
  const make = async () => makeApp(tarball, await npmPackages(name, versions))
  return (await checks.check(`${name}: packages`, make)) ?? false
}

/**
 * Builds by a recipe and runs the output: where procward is installed, or alone.
 * @param {string | false} app
 * @param {string} name
 * @param {string[]} command
 * @param {string} file
 */
async function checkRecipe(app, name, command, file) {
  const build = async () => {
    await inApp(app, command)
    return takeOutput(app, name)
  }
  const output = (await checks.check(`${name}: builds`, build, app)) ?? false
  if (!name.endsWith('-bundled')) {
    const runs = () => checkServer([process.execPath, file], output)
    if (await checks.check(`${name}: runs`, runs, output)) running.add(name)
    return
  }
  const place = mkdtempSync(join(tmpdir(), 'procward-bundle-'))
  const runs = async () => {
    cpSync(output, place, { recursive: true })
    await checkServer([process.execPath, file], place)
  }
  const tells = async () => {
    rmSync(join(place, COPIES), { recursive: true })
    await checkServer([process.execPath, file], place, { hasFiles: false })
  }
  const ran = (await checks.check(`${name}: runs alone`, runs, output)) ?? false
  if (await checks.check(`${name}: tells which files were not copied`, tells, ran))
    running.add(name)
  rmSync(place, { recursive: true, force: true })
}

/** @param {string | false} app */
async function checkNext(app) {
  const command = (/** @type {string} */ word) => commandIn(app, ['next', word])
  const built =
    (await checks.check('next: builds', () => inApp(app, ['next', 'build']), app)) ?? false
  const runs = () => checkServer(command('start'), app)
  if (await checks.check('next: runs', runs, built)) running.add('next-external')
  await checks.check('next: runs standalone', () => checkStandalone(app), built)
}

/**
 * Checks the folder that Next.js makes for a machine without `node_modules`.
 * @param {string} app
 */
async function checkStandalone(app) {
  const place = mkdtempSync(join(tmpdir(), 'procward-standalone-'))
  try {
    cpSync(join(app, '.next', 'standalone'), place, { recursive: true, verbatimSymlinks: true })
    // Next.js takes the folder of the topmost lock file as the root.
    await checkServer([process.execPath, 'server.js'], join(place, relative(root, app)))
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/**
 * Runs a command of the app's packages to its end.
 * @param {string} app
 * @param {string[]} command
 */
async function inApp(app, command) {
  const [program, ...args] = commandIn(app, command)
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' }
  try {
    await run(program, args, { cwd: app, env, timeout: 900_000, maxBuffer: 1 << 26 })
  } catch (error) {
    throw new Error(`${error.message}\n${error.stdout}`)
  }
}

/** @param {string} app @param {string[]} command */
function commandIn(app, [name, ...args]) {
  if (name === 'node') return [process.execPath, ...args]
  return [join(app, 'node_modules', '.bin', name), ...args]
}
