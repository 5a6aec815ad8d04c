// All tests: the Rust core without Node.js, then the addon and everything above it.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { nodeStep, root, step } from './steps.mjs'
import { requireRust } from './toolchain.mjs'

requireRust()
step('cargo', 'test', '--locked', '--workspace', '--no-default-features')
nodeStep('scripts/build.mjs')
const tests = readdirSync(join(root, '__test__')).filter((name) => name.endsWith('.test.mjs'))
nodeStep('--test', ...tests.sort().map((name) => join('__test__', name)))
