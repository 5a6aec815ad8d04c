// Builds, checks and packs what npm publishes: `npm run package [main] [TARGET...]`. Without a name
// it makes the main package and the packages of all platforms that this system can build for. The
// tarballs go to target/packages.

import { mkdirSync } from 'node:fs'
import { buildAddon, needsOf } from './package/build.mjs'
import { recordFacts } from './package/facts.mjs'
import { needsComplaints } from './package/needs.mjs'
import { packMain, packPlatform } from './package/pack.mjs'
import { buildsOf } from './package/targets.mjs'
import { folder } from './package/tools.mjs'
import { requireRust } from './toolchain.mjs'

const names = process.argv.slice(2)
const targets = names.filter((name) => name !== 'main')
const isAll = names.length === 0

requireRust()
mkdirSync(folder, { recursive: true })
const builds = isAll || targets.length > 0 ? chosenBuilds() : []
if (isAll || names.includes('main')) report(packMain())
for (const build of builds) packageFor(build)

/** The builds of the named targets; ends this program when a name is wrong. */
function chosenBuilds() {
  try {
    return buildsOf(targets, process.platform)
  } catch (error) {
    console.error(error.message)
    process.exit(2)
  }
}

/** @param {import('./package/targets.mjs').Build} build */
function packageFor(build) {
  const start = performance.now()
  const addon = buildAddon(build)
  const seconds = Math.round((performance.now() - start) / 1000)
  const needs = needsOf(addon)
  const complaints = needsComplaints(needs, build.target)
  if (complaints.length > 0) {
    console.error(complaints.map((text) => `${build.target}: the addon ${text}`).join('\n'))
    process.exit(1)
  }
  const packed = packPlatform(build, addon)
  report(packed)
  const { format, libraries, glibc } = needs
  const glibcText = glibc && `, glibc ${glibc}`
  console.log(`  ${format}${glibcText}; needs ${libraries.join(', ')}; built in ${seconds} s`)
  recordFacts(build, needs, packed)
}

/** @param {{ filename: string, size: number }} packed */
function report({ filename, size }) {
  console.log(`${filename}: ${(size / 1e6).toFixed(2)} MB`)
}
