// The echo server in Rust, which is no client's bottleneck, built as cargo builds: only when
// something has changed.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const manifest = fileURLToPath(new URL('../echo-server/Cargo.toml', import.meta.url))
// What procward's own build has compiled there is not compiled again.
const target = fileURLToPath(new URL('../../target', import.meta.url))
const suffix = process.platform === 'win32' ? '.exe' : ''

/** Builds the server and returns the path of its program. */
export function echoServer() {
  const flags = [
    '--release',
    '--locked',
    '--quiet',
    '--manifest-path',
    manifest,
    '--target-dir',
    target,
  ]
  execFileSync('cargo', ['build', ...flags], { stdio: 'inherit' })
  return `${target}/release/procward-bench-echo-server${suffix}`
}
