// The quick tests of what was built last: `npm run test:quick`, and with words only the files whose
// names hold one of them, the slow ones too.
import { all, quick, runTestFiles } from './suite.mjs'

const words = process.argv.slice(2)
const names =
  words.length === 0 ? quick : all.filter((name) => words.some((word) => name.includes(word)))
const begin = performance.now()
const hasPassed = runTestFiles(names, { reporter: 'dot' })
const seconds = ((performance.now() - begin) / 1000).toFixed()
console.log(
  `\n${names.length} test files in ${seconds} s, ${hasPassed ? 'all passed' : 'FAILED'}; ` +
    `${all.length - names.length} files and the Rust tests left out: npm test runs all`,
)
if (!hasPassed) process.exit(1)
