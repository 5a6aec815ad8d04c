// Builds the release addon of a platform.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { root } from '../steps.mjs'
import { parseNeeds, READOBJ, READOBJ_ELF } from './needs.mjs'
import { addLibrary, folder, output, readobj, stubOfNode, sysroot, withZigbuild } from './tools.mjs'

/** Rust's names of the files. */
const LIBRARY = { linux: 'libprocward.so', darwin: 'libprocward.dylib', win32: 'procward.dll' }

/**
 * Builds the addon; returns its file.
 * @param {import('./targets.mjs').Build} build
 */
export function buildAddon({ target, command, triple, glibc }) {
  addLibrary(triple)
  const [system] = target.split('-')
  const platform = glibc === undefined ? triple : `${triple}.${glibc}`
  const args = [
    ...[command, '--locked', '--release', '--package', 'procward', '--lib'],
    ...['--target', platform, '--target-dir', join(folder, 'cargo')],
  ]
  console.log(`\n> cargo ${args.join(' ')}`)
  const env = {
    ...process.env,
    ...(command === 'zigbuild' && withZigbuild()),
    ...(triple.endsWith('windows-gnu') && stubOfNode()),
    CARGO_ENCODED_RUSTFLAGS: rustFlags(triple).join('\x1f'),
  }
  execFileSync('cargo', args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] })
  return join(folder, 'cargo', triple, 'release', LIBRARY[system])
}

/**
 * Returns the flags for the compiler. They replace those of `.cargo/config.toml`.
 * @param {string} triple
 */
export function rustFlags(triple) {
  const cargo = process.env.CARGO_HOME ?? join(homedir(), '.cargo')
  return [
    // Messages of panics name files. A package tells nothing of the machine that made it.
    `--remap-path-prefix=${root}=procward`,
    `--remap-path-prefix=${join(cargo, 'registry', 'src')}=crates`,
    `--remap-path-prefix=${sysroot()}=rust`,
    ...(triple.endsWith('musl') ? ['-Ctarget-feature=-crt-static'] : []),
    ...(triple.endsWith('msvc') ? ['-Ctarget-feature=+crt-static'] : []),
  ]
}

/** Reads what a built addon needs. @param {string} file */
export function needsOf(file) {
  const isElf = readFileSync(file).subarray(1, 4).toString() === 'ELF'
  return parseNeeds(output(readobj(), ...READOBJ, ...(isElf ? READOBJ_ELF : []), file))
}
