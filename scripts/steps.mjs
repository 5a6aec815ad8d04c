// Runs commands one after the other and stops at the first that fails.
import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Runs a step in the project's folder with its output shown; ends this program when it fails. */
export function step(command, ...args) {
  console.log(`\n> ${command} ${args.join(' ')}`)
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (status === 0) return
  console.error(error ? error.message : `failed: ${command} ${args.join(' ')}`)
  process.exit(status || 1)
}

/** Runs a step of this project's own, or of an npm package's command, with this very Node.js. */
export function nodeStep(...args) {
  step(process.execPath, ...args)
}
