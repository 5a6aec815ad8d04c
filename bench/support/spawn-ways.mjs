// Ways to run a command and get what it wrote.

import { spawn as nodeSpawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { execa } from 'execa'
import nanoSpawn from 'nano-spawn'
import { x } from 'tinyexec'
import { run } from '../../index.js'
import { versionIn } from './report.mjs'

/** No way may give up at the largest output of the suite. */
const MAX_BUFFER = 256 * 2 ** 20

/** @typedef {(command: string, args: string[]) => Promise<string>} Way */

/** @type {Record<string, Way>} */
export const ways = {
  procward: guarded('on'),
  'procward, no warden': guarded('off'),
  child_process: async (command, args) => {
    const child = nodeSpawn(command, args)
    const [output] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ])
    return output
  },
  execa: async (command, args) => (await execa(command, args, { maxBuffer: MAX_BUFFER })).stdout,
  tinyexec: async (command, args) => (await x(command, args)).stdout,
  'nano-spawn': async (command, args) => (await nanoSpawn(command, args)).stdout,
}

/** @param {'on' | 'off'} warden @returns {Way} */
function guarded(warden) {
  return async (command, args) => {
    process.env.PROCWARD_WARDEN = warden
    return (await run(command, args, { maxBuffer: MAX_BUFFER })).stdout
  }
}

export const versions = {
  procward: versionIn(new URL('../../', import.meta.url)),
  ...Object.fromEntries(
    ['execa', 'tinyexec', 'nano-spawn'].map((name) => [
      name,
      versionIn(new URL(`../node_modules/${name}/`, import.meta.url)),
    ]),
  ),
}
