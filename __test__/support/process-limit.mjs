// Programs of a user who may start no more threads and processes, which root's limits do not show.

import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A user of nothing else, because the limit counts all threads of a user. */
const USER = '54321'
/** Runs the command that follows as that user. */
export const AS_USER = ['setpriv', '--reuid', USER, '--regid', USER, '--clear-groups']
export const noOtherUser =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  spawnSync(AS_USER[0], [...AS_USER.slice(1), 'prlimit', '--version']).status === 0
    ? false
    : 'needs Linux, root, setpriv and prlimit'

/**
 * Copies the package to where every user may read it.
 * @param {import('node:test').TestContext} t
 */
export function packageFor(t) {
  const folder = mkdtempSync(join(tmpdir(), 'procward-limit-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const root = new URL('../..', import.meta.url).pathname
  const files = readdirSync(root).filter((name) => /\.(js|node)$/.test(name) || name === 'lib')
  for (const name of [...files, 'package.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  if (!existsSync(join(folder, 'index.js'))) throw new Error('the package was not copied')
  spawnSync('chmod', ['-R', 'a+rX', folder])
  return folder
}
