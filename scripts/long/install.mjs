// Installs the packed tarballs in an empty app, without a network and without Rust, and uses them
// there: the seed's test script and a call of a real MCP server. `npm run package` has to be done
// before. `--versions 20,22` names the versions of Node.js.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { recordCells } from '../package/facts.mjs'
import { alone } from './install/alone.mjs'
import { App } from './install/app.mjs'
import { checkNeeds } from './install/needs.mjs'
import {
  dependencyTarballs,
  hostTarget,
  packedTarballs,
  serverTarball,
} from './install/tarballs.mjs'
import { Checks, Skip } from './support/checks.mjs'
import { folder, nodeProgram } from './support/install.mjs'

const { values } = parseArgs({ options: { versions: { type: 'string', default: '20,22,24,26' } } })
const versions = values.versions.split(',')
const checks = new Checks()
mkdirSync(folder, { recursive: true })
const place = mkdtempSync(join(folder, 'install-'))
const target = hostTarget()

const packed = await checks.check('the tarballs are packed', packedTarballs)
const others = await checks.check('the tarballs of the dependencies', () =>
  dependencyTarballs(place),
)
const server = await checks.check('the tarball of a real MCP server', () => serverTarball(place))
const passed = []
for (const version of versions) {
  if (await usedWith(version)) passed.push(version)
}
for (const [name, file] of Object.entries(packed?.platforms ?? {}))
  if (name !== target)
    await checks.check(`${name}, not run: its needs`, () => checkNeeds(name, file))
rmSync(place, { recursive: true, force: true })
if (passed.length === versions.length && passed.length > 1) {
  const date = new Date().toISOString().slice(0, 10)
  recordCells(target, { installed: `Node.js ${passed.join(', ')} (${date})` })
}
checks.finish()

/**
 * Makes the checks of one version of Node.js; returns whether all have passed.
 * @param {string} version
 */
async function usedWith(version) {
  const named = (/** @type {string} */ what) => `Node.js ${version}: ${what}`
  const app = await checks.check(
    named('is here, and neither a network nor Rust'),
    () => prepared(version),
    packed && others && server,
  )
  const refused = await checks.check(
    named('without the package of the platform, the app says so'),
    () => app.install([packed.main, ...others], 'without').refuses(target),
    app ?? false,
  )
  const installed = await checks.check(
    named('npm install --offline'),
    () => app.install([packed.main, packed.platforms[target], ...others, server], 'whole'),
    app ?? false,
  )
  const steps = [
    await checks.check(
      named(`the addon is that of procward-${target}`),
      () => installed.loads(target),
      installed ?? false,
    ),
    await checks.check(
      named("the seed's test script"),
      () => installed.seedTest(),
      installed ?? false,
    ),
    await checks.check(
      named('a call of a real MCP server'),
      () => installed.mcpCall(),
      installed ?? false,
    ),
  ]
  return [refused, ...steps].every(Boolean)
}

/** @param {string} version */
async function prepared(version) {
  if (packed.platforms[target] === undefined) throw new Skip(`no package for ${target} is packed`)
  const app = new App(await nodeProgram(version), join(place, version), alone())
  return app.surroundings(version) && app
}
