// Lists the crates whose code is in a built addon and in the helper program that it carries.

import { dirname } from 'node:path'
import { output } from './tools.mjs'

/**
 * @typedef {object} Crate
 * @property {string} name
 * @property {string} version
 * @property {string} license as an SPDX expression
 * @property {string[]} authors
 * @property {string} folder
 * @property {string} [repository]
 */

/** The helper program of each system, a package of the workspace. */
const HELPERS = { linux: 'procward-warden', macos: 'procward-watcher' }

/**
 * Returns the crates that are linked for a platform, this project's own left out.
 * @param {string} triple
 * @returns {Crate[]}
 */
export function cratesOf(triple) {
  const system = triple.includes('linux') ? 'linux' : triple.includes('apple') ? 'macos' : 'windows'
  const packages = ['procward', HELPERS[system]].filter(Boolean)
  const tree = packages.map((name) =>
    output(
      ...['cargo', 'tree', '--locked', '--edges', 'normal,no-proc-macro', '--target', triple],
      ...['--package', name, '--prefix', 'none', '--format', '{p}'],
    ),
  )
  const linked = linkedNames(tree.join('\n'))
  const metadata = JSON.parse(
    output('cargo', 'metadata', '--locked', '--format-version', '1', '--filter-platform', triple),
  )
  return metadata.packages
    .filter(({ name, version, source }) => source !== null && linked.has(`${name} ${version}`))
    .map(({ name, version, license, authors, repository, manifest_path }) => ({
      ...{ name, version, authors, repository, folder: dirname(manifest_path) },
      license: (license ?? 'NOASSERTION').replaceAll('/', ' OR '),
    }))
    .sort((one, other) =>
      `${one.name} ${one.version}` < `${other.name} ${other.version}` ? -1 : 1,
    )
}

/**
 * Reads the names and versions of a tree that cargo printed without indentation.
 * @param {string} tree
 */
export function linkedNames(tree) {
  const names = tree.split('\n').map((line) => /^(\S+) v(\S+)/.exec(line))
  return new Set(names.filter(Boolean).map(([, name, version]) => `${name} ${version}`))
}
