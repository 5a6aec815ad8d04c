// The tools that builds for other systems take, below target/packages/tools.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { root } from '../steps.mjs'

export const folder = join(root, 'target', 'packages')

/** cargo-zigbuild links for a chosen glibc, and ziglang has the linker and libraries for that. */
const PYTHON = { 'cargo-zigbuild': '0.24.1', ziglang: '0.17.1' }
const MINGW = 'x86_64-w64-mingw32-gcc'

/** The environment in which `cargo zigbuild` works; installs it when needed. */
export function withZigbuild() {
  const place = join(folder, 'tools', 'python')
  const mark = join(place, 'installed.json')
  const versions = JSON.stringify(PYTHON)
  if (!existsSync(mark) || readFileSync(mark, 'utf8') !== versions) {
    rmSync(place, { recursive: true, force: true })
    mkdirSync(dirname(place), { recursive: true })
    run('python3', '-m', 'venv', place)
    const packages = Object.entries(PYTHON).map(([name, version]) => `${name}==${version}`)
    run(join(place, 'bin', 'pip'), 'install', '--quiet', '--no-input', ...packages)
    writeFileSync(mark, versions)
  }
  return {
    PATH: [join(place, 'bin'), process.env.PATH].join(delimiter),
    CARGO_ZIGBUILD_PYTHON_PATH: join(place, 'bin', 'python3'),
    CARGO_ZIGBUILD_CACHE_DIR: join(folder, 'tools', 'zigbuild'),
  }
}

/**
 * The environment in which mingw's linker finds Node.js for Windows. An empty library does, because
 * the addon looks up the functions of Node.js when the addon is loaded. The linker is Debian's,
 * because Zig first compiles the C runtime of mingw, which had not ended after nine minutes.
 */
export function stubOfNode() {
  requireProgram(MINGW, 'gcc-mingw-w64-x86-64-posix')
  const place = join(folder, 'tools', 'libnode')
  const library = join(place, 'libnode.dll')
  if (!existsSync(library)) {
    mkdirSync(place, { recursive: true })
    const source = join(place, 'libnode.c')
    writeFileSync(source, '__declspec(dllexport) void unused(void) {}\n')
    run(MINGW, '-shared', '-o', library, source)
  }
  return { LIBNODE_PATH: place }
}

/** @param {string} program @param {string} debian the package that has the program */
function requireProgram(program, debian) {
  if (spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0)
    throw new Error(`there is no ${program}: install Debian's package ${debian}`)
}

/** Adds the standard library for a platform of Rust. @param {string} triple */
export function addLibrary(triple) {
  const installed = output('rustup', 'target', 'list', '--installed').split('\n')
  if (!installed.includes(triple)) run('rustup', 'target', 'add', triple)
}

/** The path of llvm-readobj, which reads the files of all systems. */
export function readobj() {
  const host = /^host: (.*)$/m.exec(output('rustc', '--version', '--verbose'))?.[1] ?? ''
  const name = process.platform === 'win32' ? 'llvm-readobj.exe' : 'llvm-readobj'
  const program = join(sysroot(), 'lib', 'rustlib', host, 'bin', name)
  if (!existsSync(program)) run('rustup', 'component', 'add', 'llvm-tools')
  return program
}

/** The folder of the Rust toolchain. */
export function sysroot() {
  return output('rustc', '--print', 'sysroot').trim()
}

/** Runs npm in a folder; returns what it prints. @param {string} cwd @param {string[]} args */
export function npm(cwd, ...args) {
  // npm is a batch file on Windows.
  const shell = process.platform === 'win32'
  return execFileSync('npm', args, { cwd, encoding: 'utf8', shell, maxBuffer: 1 << 28 })
}

/** @param {string} command @param {string[]} args */
export function output(command, ...args) {
  return execFileSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })
}

/** @param {string} command @param {string[]} args */
function run(command, ...args) {
  execFileSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
}
