// Builds the native addon, or says in one clear message what is missing. `--release` is for publishing.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const release = process.argv.includes('--release')

if (spawnSync('cargo', ['--version'], { cwd: root }).status !== 0) {
  console.error(
    [
      'procward is built from source here and needs the Rust toolchain, but `cargo` did not run.',
      'Install Rust (https://rustup.rs), open a new terminal and run this command again.',
    ].join('\n'),
  )
  process.exit(1)
}

const cli = createRequire(import.meta.url).resolve('@napi-rs/cli')
const args = [join(dirname(cli), 'cli.js'), 'build', '--platform', '--js', 'binding.js', '--dts', 'binding.d.ts']
if (release) args.push('--release')
const { status } = spawnSync(process.execPath, [...args, '--', '--locked'], { cwd: root, stdio: 'inherit' })
process.exit(status ?? 1)
