// Format, lints, types, the architecture's invariants, and whether the generated files are up to
// date.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { layerBreaches } from './lint/layers.mjs'
import { nodeStep, root, step } from './steps.mjs'

const require = createRequire(import.meta.url)
const packageBin = (name, bin) => join(dirname(require.resolve(`${name}/package.json`)), bin)

step('cargo', 'fmt', '--check')
for (const features of [['--no-default-features'], []]) {
  step(
    'cargo',
    'clippy',
    '--locked',
    '--workspace',
    '--all-targets',
    ...features,
    '--',
    '-D',
    'warnings',
  )
}
nodeStep(
  packageBin('@biomejs/biome', 'bin/biome'),
  'ci',
  '--colors=off',
  '--error-on-warnings',
  '.',
)
for (const project of ['.', 'tsconfig.dashboard.json'])
  nodeStep(packageBin('typescript', 'bin/tsc'), '-p', project)

console.log('\n> invariants')
const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n')
/** Each: what may stand only in some places. */
const invariants = [
  {
    only: 'bindings and lib.rs mention N-API',
    files: /^src\/.*\.rs$/,
    text: /\bnapi\b/,
    allowed: /^src\/(bindings\/|lib\.rs)/,
  },
  {
    only: 'src/process, the raw deferreds, the event loop and strings without a copy are unsafe',
    files: /^src\/.*\.rs$/,
    text: /\bunsafe\b/,
    allowed: /^src\/(process\/|bindings\/(deferred\.rs|event_loop|text\.rs))/,
  },
  {
    // By a pid that may be another's by now; elsewhere signals go through a pidfd or a process
    // handle.
    only: 'macOS, systems without handles for processes, and parents of children they have not reaped signal by pid',
    files: /^((src|warden\/src)\/.*\.rs|lib\/.*\.js)$/,
    text: /\bkill_process(_group|_current)?\b|\b(killpg|tg?kill|kill_with|taskkill)\b|\blibc::kill\b|\bsignal::(\{[^}]*\b)?kill\b|\bprocess\.kill\b(?!\(\w+, 0\)|\(process\.pid, )/,
    // A child's pid, and the number of its group, are its own until it is reaped. So is this
    // process's.
    allowed:
      /^(warden\/src\/children\.rs|src\/process\/(.*\bmacos|handle\/by_number\.rs|tree\/(held_group|watcher)\.rs))/,
  },
  {
    only: 'lib/config.js reads process.env',
    files: /^(lib\/.*|index)\.js$/,
    text: /process\.env/,
    allowed: /^lib\/config\.js/,
  },
]
let broken = 0
for (const { only, files, text, allowed } of invariants) {
  for (const name of tracked.filter((name) => files.test(name) && !allowed.test(name))) {
    if (!text.test(readFileSync(join(root, name), 'utf8'))) continue
    console.error(`only ${only}, but so does ${name}`)
    broken++
  }
}
const layered = tracked.filter((name) => /^(index\.js|lib\/.*\.m?js|src\/.*\.rs)$/.test(name))
const texts = layered.map(
  (name) => /** @type {const} */ ([name, readFileSync(join(root, name), 'utf8')]),
)
for (const breach of layerBreaches(new Map(texts))) {
  console.error(breach)
  broken++
}
if (broken) process.exit(1)

nodeStep('scripts/lint/language.mjs')

nodeStep('scripts/protocol.mjs', '--check')
nodeStep('scripts/docs.mjs', '--check')
nodeStep('scripts/build.mjs')
nodeStep(packageBin('@napi-rs/cli', 'dist/cli.js'), 'create-npm-dirs')
// Generated and committed: a difference means that a contributor forgot to commit it.
step('git', 'diff', '--exit-code', '--', 'binding.js', 'binding.d.ts', 'npm')
