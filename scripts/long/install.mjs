// Installs the packed tarballs in an empty app, without a network and without Rust, and uses them
// there: the seed's test script and a call of a real MCP server. The package for Windows is used
// under wine. `npm run package` has to be done before. `--versions 20,22` names the versions of
// Node.js.

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
import { usedIn } from './install/use.mjs'
import { usedUnderWine, VERSION, WINDOWS } from './install/windows.mjs'
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
const tarballs = packed && others && server ? { ...packed, others, server } : undefined
const passed = []
for (const version of versions)
  if (await usedIn(checks, `Node.js ${version}`, () => prepared(version), tarballs, target))
    passed.push(version)
if (passed.length === versions.length && passed.length > 1)
  recordCells(target, { installed: `Node.js ${passed.join(', ')} (${today()})` })
const used = [target]
if (process.platform === 'linux') {
  used.push(WINDOWS)
  if (await usedUnderWine(checks, place, tarballs))
    recordCells(WINDOWS, { installed: `wine, Node.js ${VERSION} (${today()})` })
}
for (const [name, file] of Object.entries(packed?.platforms ?? {})) {
  const what = used.includes(name) ? 'its needs' : 'not run: its needs'
  await checks.check(`${name}, ${what}`, () => checkNeeds(name, file))
}
rmSync(place, { recursive: true, force: true })
checks.finish()

/** @param {string} version */
async function prepared(version) {
  if (packed.platforms[target] === undefined) throw new Skip(`no package for ${target} is packed`)
  return new App(await nodeProgram(version), join(place, version), alone()).surroundings(version)
}

function today() {
  return new Date().toISOString().slice(0, 10)
}
