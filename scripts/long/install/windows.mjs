// Uses the package for Windows x64 with Node.js for Windows under wine, on Debian 12. Node.js has
// no network there.

import { isAbsolute, join } from 'node:path'
import { prepareWine, windowsNode, windowsPath } from '../platforms/wine.mjs'
import { Skip } from '../support/checks.mjs'
import { App } from './app.mjs'
import { usedIn } from './use.mjs'

export const WINDOWS = 'win32-x64-msvc'
/** The newest version that Debian's wine runs. */
export const VERSION = '22'

/**
 * Makes the checks; returns whether all have passed.
 * @param {import('../support/checks.mjs').Checks} checks
 * @param {string} place a folder for the apps
 * @param {import('./use.mjs').Tarballs | undefined} tarballs
 */
export async function usedUnderWine(checks, place, tarballs) {
  const wine = await checks.check(`${WINDOWS}: wine starts`, start, tarballs ?? false)
  const prepare = () =>
    new App(windowsNode(`${VERSION}.x`), join(place, 'wine'), machine(wine)).surroundings(VERSION)
  const label = `Node.js ${VERSION} for Windows`
  const isUsed = await usedIn(checks, label, prepare, wine && tarballs, WINDOWS)
  await checks.check(`${WINDOWS}: wine stops`, () => wine.stop(), wine ?? false)
  return isUsed
}

/** @param {import('./use.mjs').Tarballs} tarballs */
function start({ platforms }) {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Skip('needs Linux on x64')
  if (platforms[WINDOWS] === undefined) throw new Skip(`no package for ${WINDOWS} is packed`)
  return prepareWine()
}

/**
 * The machine of an app that runs under wine.
 * @param {ReturnType<typeof prepareWine>} wine
 * @returns {ReturnType<typeof import('./alone.mjs').alone>}
 */
function machine(wine) {
  return {
    hasNoNetwork: false,
    run([program, ...args], { cwd, home, path }) {
      const env = {
        WINEPATH: path.map(windowsPath).join(';'),
        npm_config_cache: windowsPath(join(home, 'npm-cache')),
      }
      const there = args.map((text) => (isAbsolute(text) ? windowsPath(text) : text))
      const stdout = wine.run('install', program, there, { env, cwd })
      return { status: 0, stdout, stderr: '' }
    },
  }
}
