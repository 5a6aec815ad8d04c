// Imports go down: each module may import from the lines below its own only, and no files import
// each other in a circle.
import { posix } from 'node:path'

/** The top-level modules, highest first. Modules on one line don't know each other. */
const LIB = [
  ['index', 'cli'],
  ['health', 'observe'],
  ['prometheus'],
  ['alerts'],
  ['source'],
  ['mcp-helper', 'mcp-pool'],
  ['mcporter'],
  ['mcp', 'pool'],
  ['oauth'],
  ['limiter', 'host-limit', 'fleet-limit', 'register', 'child_process'],
  ['child-process'],
  ['process', 'semaphore', 'cleanup', 'guarantees'],
  ['diagnostics', 'keep-alive', 'lifecycle', 'metrics'],
  ['native', 'deadline-timer', 'signal-waiters', 'signals'],
  ['config', 'native-problem', 'server-files'],
  [
    'validate',
    'loopback',
    'iterable-weak-set',
    'active-process',
    'dashboard',
    'package-files',
    'first-by',
    'child-permission',
    'process-limit',
    'terminal-text',
  ],
  ['errors'],
]
const SRC = [
  ['bindings'],
  ['supervisor'],
  ['mcp', 'worker', 'scanner'],
  ['pool', 'runner'],
  ['registry'],
  ['admission'],
  ['process', 'fleet'],
  ['metrics', 'error', 'wait_queue', 'limit'],
  ['blocking', 'code', 'timer', 'trust'],
]

/** Returns the breaches in `files`, a Map of texts by file name. */
export function layerBreaches(files) {
  const javascript = edgesOf(files, /^(index|lib\/.*)\.m?js$/, javascriptImports)
  const rust = edgesOf(files, /^src\/(?!lib\.rs|(.*\/)?tests(\.rs|\/)).*\.rs$/, rustImports)
  return [
    ...upwardImports(javascript, LIB),
    ...upwardImports(rust, SRC),
    ...circles(javascript),
    ...circles(rust),
  ]
}

function edgesOf(files, pattern, importsOf) {
  const own = new Map([...files].filter(([name]) => pattern.test(name)))
  const edges = (name) =>
    [...new Set(importsOf(name, own))].filter((to) => own.has(to) && to !== name)
  return new Map([...own.keys()].map((name) => [name, edges(name)]))
}

function upwardImports(edges, chain) {
  const top = (name) => name.replace(/^(lib|src)\//, '').replace(/[/.].*/, '')
  const line = (name) => chain.findIndex((modules) => modules.includes(top(name)))
  const strangers = [...edges.keys()].filter((name) => line(name) === -1)
  const upward = [...edges].flatMap(([from, all]) =>
    all
      .filter((to) => top(to) !== top(from) && line(to) <= line(from))
      .map((to) => `imports go down, but ${from} imports ${to}`),
  )
  return [...strangers.map((name) => `${name} has no place in scripts/lint/layers.mjs`), ...upward]
}

/** Finds a circle for each import that closes one. */
function circles(edges) {
  const done = new Set()
  return [...edges.keys()].flatMap((name) => visit(name, []))
  function visit(name, path) {
    const at = path.indexOf(name)
    if (at !== -1) return [`imports form a circle: ${[...path.slice(at), name].join(' -> ')}`]
    if (done.has(name)) return []
    const found = edges.get(name).flatMap((to) => visit(to, [...path, name]))
    done.add(name)
    return found
  }
}

function* javascriptImports(name, files) {
  const code = files.get(name).replace(/\/\*\*[\s\S]*?\*\/|\/\/.*$/gm, '')
  for (const [, path] of code.matchAll(/\b(?:require\(|import\(|from |import )'(\.[^']*)'/g)) {
    const file = posix.join(posix.dirname(name), path)
    yield [file, `${file}.js`, `${file}/index.js`].find((each) => files.has(each))
  }
}

/**
 * Follows paths that begin with `crate`, `super`, `self` or a child's name in `use`. A `pub use` is
 * no import of its own: a path through it leads to the module that it names.
 */
function* rustImports(name, files) {
  const text = rustCode(files.get(name))
  for (const [, isPublic, tree] of text.matchAll(USE))
    if (!isPublic) for (const path of pathsOf(tree)) yield fileOf(path, name, files)
  for (const [path] of text.replace(USE, '').matchAll(/\b(?:crate|super)(?:::\w+)+/g))
    yield fileOf(path, name, files)
}

const USE = /\b(pub(?:\([^)]*\))? )?use ([^;]+);/g

/** Leaves out comments and the tests at a file's end. */
function rustCode(text) {
  return text
    .replace(/\/\/.*$/gm, '')
    .replace(/#\[cfg\(test\)\]\s*(#\[.*\]\s*)?mod \w+ \{[\s\S]*/, '')
}

/** Writes out a tree of `use`, from its innermost group on: `a::{b, c::{d, e}}`. */
function pathsOf(tree) {
  const group = /([\w:]*)\{([^{}]*)\}/
  const one = tree.replace(group, (_, prefix, list) =>
    list.split(',').flatMap((each) => (each.trim() === '' ? [] : prefix + each.trim())),
  )
  return one === tree ? tree.split(',').map((path) => path.trim().split(' ')[0]) : pathsOf(one)
}

function fileOf(path, from, files, depth = 0) {
  const parts = path.split('::')
  const own = from.replace(/(\/mod)?\.rs$/, '').split('/')
  let at = parts[0] === 'crate' ? ['src'] : own
  if (['crate', 'self'].includes(parts[0])) parts.shift()
  while (parts[0] === 'super') {
    at = at.slice(0, -1)
    parts.shift()
  }
  const file = (segments) =>
    [`${segments.join('/')}.rs`, `${segments.join('/')}/mod.rs`].find((each) => files.has(each))
  while (parts.length > 0 && file([...at, parts[0]])) at = [...at, parts.shift()]
  const found = file(at)
  if (found === undefined || parts.length === 0 || depth > 9) return found
  // A module with a path of its own is a file of another package.
  if (new RegExp(`\\bmod ${parts[0]};`).test(files.get(found))) return undefined
  const exported = [...rustCode(files.get(found)).matchAll(USE)]
    .filter(([, isPublic]) => isPublic)
    .flatMap(([, , tree]) => pathsOf(tree))
    .find((each) => each.endsWith(`::${parts[0]}`))
  return exported === undefined ? found : fileOf(exported, found, files, depth + 1)
}
