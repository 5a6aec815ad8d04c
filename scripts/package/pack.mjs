// Packs the packages: a folder with what goes in, and npm's tarball of it.

import { cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../steps.mjs'
import { cratesOf } from './crates.mjs'
import { licenceTexts } from './licences.mjs'
import { mainManifest, mainReadme, platformManifest, platformReadme } from './manifests.mjs'
import { sbom } from './sbom.mjs'
import { folder, npm, sysroot } from './tools.mjs'

/** The most bytes of a platform's tarball. */
const LARGEST = 5_000_000

/**
 * Packs a built addon; returns the tarball's name and sizes.
 * @param {import('./targets.mjs').Build} build
 * @param {string} addon its file
 */
export function packPlatform(build, addon) {
  const { target, triple, standIn } = build
  const source = join(root, 'npm', target)
  const manifest = platformManifest(readManifest(source), standIn)
  const crates = cratesOf(triple)
  const place = emptyFolder(target)
  const write = (/** @type {string} */ name, /** @type {string} */ text) =>
    writeFileSync(join(place, name), text)
  cpSync(addon, join(place, manifest.main))
  cpSync(join(root, 'LICENSE'), join(place, 'LICENSE'))
  cpSync(
    join(sysroot(), 'share', 'doc', 'rust', 'COPYRIGHT-library.html'),
    join(place, 'RUST-LIBRARY-LICENSES.html'),
  )
  write('THIRD-PARTY-LICENSES.txt', licenceTexts(crates))
  write('sbom.cdx.json', sbom(manifest, crates))
  write('README.md', platformReadme(readFileSync(join(source, 'README.md'), 'utf8'), standIn))
  write('package.json', `${JSON.stringify(manifest, null, 2)}\n`)
  const { filename, size } = pack(place)
  if (size > LARGEST) throw new Error(`${filename} has ${size} bytes, more than ${LARGEST}`)
  return { filename, size, addonSize: statSync(addon).size, crates: crates.length }
}

/** Packs the package that users name, without an addon; returns the tarball's name and size. */
export function packMain() {
  const place = emptyFolder('main')
  const dryRun = npm(root, 'pack', '--dry-run', '--json', '--ignore-scripts')
  const [{ files }] = JSON.parse(dryRun)
  for (const { path } of files.filter(({ path }) => !path.endsWith('.node'))) {
    mkdirSync(dirname(join(place, path)), { recursive: true })
    cpSync(join(root, path), join(place, path))
  }
  const manifest = mainManifest(readManifest(root))
  writeFileSync(join(place, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  writeFileSync(join(place, 'README.md'), mainReadme(readme, manifest))
  return pack(place)
}

/** @param {string} place @returns {{ filename: string, size: number }} */
function pack(place) {
  const [{ filename, size }] = JSON.parse(
    npm(place, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder),
  )
  return { filename, size }
}

/** @param {string} name */
function emptyFolder(name) {
  const place = join(folder, 'stage', name)
  rmSync(place, { recursive: true, force: true })
  mkdirSync(place, { recursive: true })
  return place
}

/** @param {string} place */
function readManifest(place) {
  return JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'))
}
