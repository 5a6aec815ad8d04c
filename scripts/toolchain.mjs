// Everything here is built from source: without Rust nothing works, and one clear message is better
// than ten obscure ones.
import { spawnSync } from 'node:child_process'
import { root } from './steps.mjs'

export function requireRust() {
  if (spawnSync('cargo', ['--version'], { cwd: root }).status === 0) return
  console.error(
    [
      'procward is built from source here and needs the Rust toolchain, but `cargo` did not run.',
      'Install Rust (https://rustup.rs), open a new terminal and run this command again.',
    ].join('\n'),
  )
  process.exit(1)
}
