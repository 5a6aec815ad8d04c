// Checks the platforms that this machine is not: runs the addon for Windows under wine, and has the
// compiler check the rest. For Debian 12 on x64; what a package is missing for is skipped. All it
// makes stays in target/platforms.

import { setPriority } from 'node:os'
import { buildForWindows, lint, prepareRust } from './platforms/rust.mjs'
import { prepareWine, runTests } from './platforms/wine.mjs'
import { Checks } from './support/checks.mjs'

/** What Windows users have, and macOS users. */
const TARGETS = ['x86_64-pc-windows-msvc', 'aarch64-apple-darwin', 'x86_64-apple-darwin']
/**
 * All tests that can run there, and once more those that are about Windows with the oldest Node.js.
 */
const NODE_VERSIONS = { '22.x': /./, '20.20.2': /^windows-/ }

// Whoever works on this machine meanwhile goes first.
setPriority(10)
const checks = new Checks()

const hasRust = await checks.check('Rust with the sources of its library', prepareRust)
const addon = await checks.check('Windows x64: the addon builds', buildForWindows, hasRust)
const wine = await checks.check('wine starts', prepareWine, addon)
for (const [version, which] of Object.entries(NODE_VERSIONS))
  await runTests(checks, version, which, wine && { ...wine, addon })
await checks.check('wine stops', () => wine.stop(), wine)
for (const target of TARGETS) await checks.check(`${target}: clippy`, () => lint(target), hasRust)

checks.finish()
