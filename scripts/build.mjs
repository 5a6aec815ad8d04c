// Builds the native addon for this machine. `--release` is for publishing: slower to build,
// smaller.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { nodeStep } from './steps.mjs'
import { requireRust } from './toolchain.mjs'

requireRust()
const napi = join(dirname(createRequire(import.meta.url).resolve('@napi-rs/cli')), 'cli.js')
const profile = process.argv.includes('--release') ? ['--release'] : []
nodeStep(
  napi,
  'build',
  '--platform',
  '--js',
  'binding.js',
  '--dts',
  'binding.d.ts',
  ...profile,
  '--',
  '--locked',
)
