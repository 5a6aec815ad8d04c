// All tests: the Rust core without Node.js, then the addon and everything above it.
import { nodeStep, step } from './steps.mjs'
import { all, runTestFiles } from './suite.mjs'
import { requireRust } from './toolchain.mjs'

requireRust()
step('cargo', 'test', '--locked', '--workspace', '--no-default-features')
nodeStep('scripts/build.mjs')
if (!runTestFiles(all)) process.exit(1)
