// Rust for other platforms: Debian's compiler, which can build the standard library along, because
// it has its sources.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../steps.mjs'
import { Skip } from '../support/checks.mjs'
import { command, folder } from './commands.mjs'
import { install } from './debian.mjs'

const BUILD_STD = ['-Zbuild-std=std,panic_abort', '--locked', '--target-dir', join(folder, 'cargo')]
const WINDOWS = 'x86_64-pc-windows-gnu'

/**
 * Debian's own, whatever rustup has put on the PATH; it takes part in what is otherwise for nightly
 * compilers.
 */
const env = {
  HOME: process.env.HOME,
  PATH: '/usr/bin:/bin',
  CARGO: '/usr/bin/cargo',
  CARGO_TERM_COLOR: 'never',
  RUSTC: '/usr/bin/rustc',
  RUSTDOC: '/usr/bin/rustdoc',
  RUSTC_BOOTSTRAP: '1',
  ...(process.env.CARGO_HOME && { CARGO_HOME: process.env.CARGO_HOME }),
}

/** Installs it; tells its version. */
export function prepareRust() {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Skip('needs Linux on x64')
  install('rustc-web', 'cargo-web', 'rust-web-src', 'libstd-rust-web-dev', 'rust-web-clippy')
  const version = command('rustc', '/usr/bin/rustc', ['--version'], { env }).trim()
  const needed = /^rust-version = "1\.(\d+)/m.exec(
    readFileSync(join(root, 'Cargo.toml'), 'utf8'),
  )?.[1]
  const minor = /^rustc 1\.(\d+)/.exec(version)?.[1]
  if (!(Number(minor) >= Number(needed)))
    throw new Skip(`needs rustc 1.${needed}, Debian has ${version}`)
  return version
}

/** Builds the addon; gives its file. */
export function buildForWindows() {
  install('gcc-mingw-w64-x86-64-posix')
  const libnode = join(folder, 'libnode')
  // Only the linker asks for it; Node.js's functions are looked up in node.exe when the addon is
  // loaded.
  buildDll(join(libnode, 'libnode.dll'), '__declspec(dllexport) void unused(void) {}\n')
  const args = [
    'build',
    '--release',
    '--package',
    'procward',
    '--lib',
    '--target',
    WINDOWS,
    ...BUILD_STD,
  ]
  command('build-windows', '/usr/bin/cargo', args, { env: { ...env, LIBNODE_PATH: libnode } })
  const addon = join(folder, 'procward.win32-x64-gnu.node')
  copyFileSync(join(folder, 'cargo', WINDOWS, 'release', 'procward.dll'), addon)
  return addon
}

/** Type-checks and lints everything that is not a test. @param {string} target */
export function lint(target) {
  const packages = [
    '--package',
    'procward',
    ...(target.includes('apple') ? ['--package', 'procward-watcher'] : []),
  ]
  const args = ['clippy', ...packages, '--target', target, ...BUILD_STD, '--', '-D', 'warnings']
  const compiler = join(folder, 'no-compiler')
  mkdirSync(folder, { recursive: true })
  writeFileSync(compiler, NO_COMPILER, { mode: 0o755 })
  const name = target.replaceAll('-', '_')
  // Nothing is linked, so neither the helper that is carried nor what dependencies have in C needs
  // to be there.
  const unused = {
    PROCWARD_PREBUILT_HELPER: join(root, 'Cargo.toml'),
    [`CC_${name}`]: compiler,
    [`AR_${name}`]: compiler,
  }
  command(`clippy-${target}`, '/usr/bin/cargo-clippy', args, { env: { ...env, ...unused } })
}

/** Makes empty files, whichever compiler's or archiver's arguments it gets. */
const NO_COMPILER = `#!/bin/sh
for argument; do
  case $argument in
    -Fo*) : > "\${argument#-Fo}" ;;
    -out:*) : > "\${argument#-out:}" ;;
    *.a) : > "$argument" ;;
  esac
  [ "$before" = -o ] && : > "$argument"
  before=$argument
done
exit 0
`

/** @param {string} file @param {string} source C @param {...string} libraries */
export function buildDll(file, source, ...libraries) {
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(`${file}.c`, source)
  const args = ['-shared', '-o', file, `${file}.c`, ...libraries.map((name) => `-l${name}`)]
  command('mingw', 'x86_64-w64-mingw32-gcc', args, { env })
}
