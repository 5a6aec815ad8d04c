// An addon that does not load says why. Each cause is made for real, in a copy of the package.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { temporaryFolder } from './fixtures/mcp-servers.mjs'
import { root } from './support/declarations.mjs'

const require = createRequire(import.meta.url)
const { explain, problemText, targetOf } = require('../lib/native-problem.js')

const [addon] = readdirSync(root).filter((name) => name.endsWith('.node'))
const skip = process.platform === 'linux' ? false : 'the causes are made for Linux'

/** A copy of the package, without the addon. @param {string} [folder] */
function copyOfPackage(folder = temporaryFolder()) {
  for (const name of ['index.js', 'binding.js', 'package.json', 'lib'])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  return folder
}

/**
 * Loads the copy in a process of its own, and returns the error.
 * @param {string} folder
 * @param {{ options?: string[], env?: Record<string, string>, under?: string[] }} [how]
 */
function errorOf(folder, { options = [], env = {}, under = [] } = {}) {
  const program = `
    try { require(${JSON.stringify(join(folder, 'lib', 'native.js'))}) }
    catch ({ code, reason, message }) { console.log(JSON.stringify({ code, reason, message })) }`
  const [command, ...args] = [...under, process.execPath, ...options, '-e', program]
  const { stdout, stderr, signal } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  assert.ok(stdout !== '', `it loaded, or ended with ${signal}: ${stderr}`)
  return JSON.parse(stdout)
}

/** @param {string} folder @param {string[]} args */
function compile(folder, ...args) {
  const { status, stderr } = spawnSync('cc', args, { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
}

describe('an addon that does not load', { skip }, () => {
  const file = (/** @type {string} */ folder) => join(folder, addon)
  const whole = () => {
    const folder = copyOfPackage()
    cpSync(join(root, addon), file(folder))
    return folder
  }
  /**
   * @param {{ code: string, reason: string, message: string }} error
   * @param {string} expected the reason
   * @param {RegExp} words
   */
  const assertError = ({ code, reason, message }, expected, words) => {
    assert.deepEqual([code, reason], ['ERR_NATIVE_ADDON', expected])
    assert.match(message, words)
    assert.match(message, new RegExp(`on linux-${process.arch}-(gnu|musl) by Node.js v\\d+`))
    assert.match(message, /Tried: .*\nWays out: 1\. .*\n2\. .*\n3\. /)
  }

  test('is missing, because the optional package was left out', () => {
    const error = errorOf(copyOfPackage())
    assertError(error, 'missing', /optional package procward-linux-[\w-]+ is not installed/)
    assert.match(error.message, /npm\/cli#4828/)
  })

  test('is not where NAPI_RS_NATIVE_LIBRARY_PATH says', () => {
    const env = { NAPI_RS_NATIVE_LIBRARY_PATH: '/nowhere/procward.node' }
    assertError(errorOf(whole(), { env }), 'missing', /there is no file \/nowhere\/procward\.node/)
  })

  test('is forbidden by --no-addons', () => {
    assertError(errorOf(whole(), { options: ['--no-addons'] }), 'no-addons', /--no-addons/)
  })

  test("is forbidden by Node.js's permission model", () => {
    const flag = process.allowedNodeEnvironmentFlags.has('--permission')
      ? '--permission'
      : '--experimental-permission'
    const error = errorOf(whole(), { options: [flag, '--allow-fs-read=*'] })
    assertError(error, 'permission', /--allow-addons/)
  })

  for (const [what, length] of [
    ['after a few bytes', 10],
    ['after its head', 4096],
    ['before its end', 1_000_000],
  ])
    test(`is cut off ${what}`, () => {
      const folder = copyOfPackage()
      writeFileSync(file(folder), readFileSync(join(root, addon)).subarray(0, length))
      assertError(errorOf(folder), 'corrupt', /damaged/)
    })

  test('is no library at all', () => {
    const folder = copyOfPackage()
    writeFileSync(file(folder), '<!doctype html>'.repeat(100))
    assertError(errorOf(folder), 'corrupt', /damaged/)
  })

  test('is a library that is no addon', () => {
    const folder = copyOfPackage()
    writeFileSync(join(folder, 'a.c'), 'int x;')
    compile(folder, '-shared', '-nostdlib', '-o', addon, 'a.c')
    assertError(errorOf(folder), 'corrupt', /damaged/)
  })

  test('is for musl', () => {
    const folder = copyOfPackage()
    writeFileSync(join(folder, 'a.c'), 'int x;')
    const name = '-Wl,-soname,libc.musl-x86_64.so.1'
    compile(folder, '-shared', '-nostdlib', name, '-o', 'libc-of-musl.so', 'a.c')
    const needed = '-Wl,--no-as-needed'
    compile(folder, '-shared', '-nostdlib', needed, '-o', addon, 'a.c', './libc-of-musl.so')
    assertError(errorOf(folder), 'libc', /another C library/)
  })

  test('is for a newer glibc', () => {
    const folder = copyOfPackage()
    writeFileSync(join(folder, 'old.c'), 'void future(void) {}')
    writeFileSync(join(folder, 'versions'), 'GLIBC_2.99 { future; };')
    const asLibc = ['-Wl,-soname,libc.so.6', '-Wl,--version-script=versions']
    compile(folder, '-shared', '-nostdlib', ...asLibc, '-o', 'newer.so', 'old.c')
    writeFileSync(join(folder, 'a.c'), 'void future(void); void go(void) { future(); }')
    compile(folder, '-shared', '-nostdlib', '-o', addon, 'a.c', './newer.so')
    assertError(errorOf(folder), 'libc', /or for a newer one/)
  })

  test('lies in a folder without the right to execute', (t) => {
    const mounted = temporaryFolder()
    const mount = `mount -t tmpfs -o noexec,size=200m none "$0" && cp -r "$1/." "$0" && shift 1 && exec "$@"`
    const under = ['unshare', '--mount', '--map-root-user', 'sh', '-c', mount, mounted, whole()]
    if (spawnSync('unshare', ['--mount', '--map-root-user', 'true']).status !== 0)
      return t.skip('no mount namespace can be made here')
    assertError(errorOf(mounted, { under }), 'noexec', /noexec mount/)
  })

  test('may not be read', (t) => {
    if (process.getuid?.() !== 0) return t.skip('needs root, to become another user')
    const folder = whole()
    mkdirSync(join(folder, 'x'))
    spawnSync('chmod', ['755', folder])
    spawnSync('chmod', ['000', file(folder)])
    const under = ['setpriv', '--reuid', '65534', '--clear-groups']
    assertError(errorOf(folder, { under }), 'unreadable', /may not read the file/)
  })
})

describe('the cause, from what the loaders say', () => {
  const host = {
    ...{ platform: 'linux', arch: 'x64', target: 'linux-x64-gnu', version: 'v20.0.0' },
    hasPermissions: false,
  }
  for (const [message, reason] of [
    ['Unsupported architecture on Linux: mips', 'unsupported'],
    ['Unsupported OS: sunos, architecture: x64', 'unsupported'],
    ['dlopen(/a/b.node, 0x0001): tried: (slice is not valid mach-o file)', 'corrupt'],
    ["dlopen(x): tried: 'x' (mach-o file, but is an incompatible architecture)", 'corrupt'],
    ['\\\\?\\C:\\app\\b.node is not a valid Win32 application.', 'corrupt'],
    ['Error loading shared library ld-linux-x86-64.so.2 (needed by libc.musl)', 'libc'],
    ['Error relocating b.node: __strdup: symbol not found', 'libc'],
    ['The specified module could not be found.', 'other'],
    ["Cannot find module 'procward-linux-x64-gnu'\nRequire stack:", 'missing'],
  ])
    test(`${message.slice(0, 50)} is ${reason}`, () => {
      const all = [
        'Cannot find native binding. npm has a bug',
        "Cannot find module 'procward-wasm32-wasi'",
      ]
      assert.equal(explain([...all, message], host).reason, reason)
    })

  test('a message of the system that nothing explains is shown', () => {
    const problem = explain(['The specified module could not be found.'], host)
    assert.match(problemText(problem, host), /: The specified module could not be found\.\.?\n/)
  })

  test('targets are named as their packages are', () => {
    const names = [
      ['linux', 'arm64', '2.17', 'linux-arm64-gnu'],
      ['linux', 'x64', undefined, 'linux-x64-musl'],
      ['win32', 'x64', undefined, 'win32-x64-msvc'],
      ['darwin', 'arm64', undefined, 'darwin-arm64'],
    ]
    for (const [platform, arch, glibc, name] of names)
      assert.equal(targetOf(platform, arch, glibc), name)
  })
})
