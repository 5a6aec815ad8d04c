// Decides what may be published, and in which order.

import { MARK } from './manifests.mjs'
import { TARGETS } from './targets.mjs'

/** @typedef {{ file: string, manifest: any }} Packed */

/**
 * Returns the reasons not to publish these packages; none when they may be.
 * @param {Packed[]} packages
 * @param {{ name: string, version: string }} main of the checkout
 */
export function publishComplaints(packages, { name, version }) {
  const expected = [name, ...Object.keys(TARGETS).map((target) => `${name}-${target}`)]
  const names = packages.map(({ manifest }) => manifest.name)
  return [
    ...expected.filter((name) => !names.includes(name)).map((name) => `${name} is not packed`),
    ...packages.flatMap(({ file, manifest }) => [
      ...(expected.includes(manifest.name) ? [] : [`${file}: no package of ${name}`]),
      ...(manifest.version === version ? [] : [`${file}: the checkout has version ${version}`]),
      ...(manifest[MARK] === undefined ? [] : [`${file} is for tests only: ${manifest[MARK]}`]),
      ...wrongDependencies(file, manifest, version),
    ]),
  ]
}

/** @param {string} file @param {any} manifest @param {string} version */
function wrongDependencies(file, { optionalDependencies = {} }, version) {
  return Object.entries(optionalDependencies)
    .filter(([, wanted]) => wanted !== version)
    .map(([name, wanted]) => `${file} asks for ${name} ${wanted}`)
}

/**
 * Returns the packages in the order of publishing: the main package last.
 * @param {Packed[]} packages
 * @param {string} name of the main package
 */
export function publishOrder(packages, name) {
  const [mains, platforms] = [true, false].map((isMain) =>
    packages.filter(({ manifest }) => (manifest.name === name) === isMain),
  )
  return [...platforms.toSorted((a, b) => (a.file < b.file ? -1 : 1)), ...mains]
}
