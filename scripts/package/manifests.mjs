// The package.json and the README of packed packages.

import { TARGETS } from './targets.mjs'

/** The key of a package.json that marks a package for tests only, with the reason. */
export const MARK = 'procwardStandIn'

/** The files beside the addon. npm packs LICENSE, README.md and package.json by itself. */
const BESIDE = ['THIRD-PARTY-LICENSES.txt', 'RUST-LIBRARY-LICENSES.html', 'sbom.cdx.json']

/**
 * Returns the package.json of a platform's package.
 * @param {any} manifest that of npm/TARGET
 * @param {string} [standIn] the reason why the package is for tests only
 */
export function platformManifest(manifest, standIn) {
  const files = [manifest.main, ...BESIDE]
  if (standIn === undefined) return { ...manifest, files }
  return { ...manifest, files, private: true, [MARK]: standIn }
}

/**
 * Returns the README of a platform's package.
 * @param {string} text that of npm/TARGET
 * @param {string} [standIn] the reason why the package is for tests only
 */
export function platformReadme(text, standIn) {
  if (standIn === undefined) return text
  return `${text.trimEnd()}\n\n**For tests only, never published:** ${standIn}.\n`
}

/**
 * Returns the package.json of the main package. Only the packed one asks for the platforms'
 * packages, so that `npm ci` in a checkout asks the registry for none of them.
 * @param {any} manifest
 */
export function mainManifest({ scripts: _, devDependencies: _dev, napi: _napi, ...manifest }) {
  const names = Object.keys(TARGETS).map((target) => `${manifest.name}-${target}`)
  return {
    ...manifest,
    files: manifest.files.filter((/** @type {string} */ pattern) => pattern !== '*.node'),
    optionalDependencies: Object.fromEntries(names.map((name) => [name, manifest.version])),
  }
}

/**
 * Returns the README of the main package. npm's site resolves no link of a package without a known
 * repository, so each points into the published package itself.
 * @param {string} text
 * @param {{ name: string, version: string }} manifest
 */
export function mainReadme(text, { name, version }) {
  const published = `https://unpkg.com/${name}@${version}/`
  return text.replaceAll(/\]\((?![a-z]+:|#)/g, `](${published}`)
}
