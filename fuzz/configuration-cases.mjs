// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders look like that.

// Configurations that no one would write, made of those that people do; and what reading them must
// hold.

import { CONFIGURATIONS } from '../__test__/fixtures/configurations.mjs'
import { memoryFiles } from '../__test__/support/memory-files.mjs'
import serverOptions from '../lib/mcp/server-options.js'
import configuration from '../lib/mcporter/config/index.js'

/** Stands for a secret: it is only ever a value, or part of one. */
const SECRET = 'hush'
const PLACES = {
  env: { HOME: '/home/me', SET: 'x', EMPTY: '' },
  home: '/home/me',
  cwd: '/app',
  platform: 'linux',
}
const FILES = [
  '/app/config/mcporter.json',
  '/home/me/.mcporter/mcporter.jsonc',
  '/app/.cursor/mcp.json',
  '/app/.vscode/mcp.json',
  '/home/me/.claude.json',
  '/app/opencode.json',
  '/home/me/.codex/config.toml',
  '/app/.env',
]
const KEYS = [
  '__proto__',
  'constructor',
  'toString',
  '',
  'env',
  'envFile',
  'url',
  'command',
  'args',
  'headers',
  'cwd',
]
const TOML = '[mcp_servers.t]\ncommand = "x"\nargs = ["hush"]\n[mcp_servers.t.env]\nA = "hush"\n'
const ENV = 'A=hush\nB="hu\nsh"\nexport C=hush # x\n'
const SERVERS = [
  {
    command: 'node',
    args: [SECRET, `--k=${SECRET}`],
    env: { A: SECRET },
    envFile: '.env',
    cwd: '.',
  },
  { url: `https://h.example/${SECRET}`, headers: { a: SECRET }, bearerToken: SECRET },
  {
    command: `node "${SECRET}"`,
    lifecycle: { mode: 'keep-alive', idleTimeoutMs: 5 },
    allowedTools: ['a'],
  },
  {
    url: 'https://h.example',
    auth: 'refreshable_bearer',
    refresh: { tokenEndpoint: SECRET, refreshSkewSeconds: 5 },
  },
]
const EXTRA = SERVERS.map((server, at) => ({
  imports: ['cursor'],
  mcpServers: { [`s${at}`]: server, good: { command: 'x' } },
}))
const BASES = [...EXTRA, ...CONFIGURATIONS.flatMap(([, files]) => Object.values(files))]

/** Files of such a configuration. @param {() => number} random @returns {Record<string, string>} */
export function mutated(random) {
  const pick = (list) => list[Math.floor(random() * list.length)]
  /** @type {Record<string, string>} */
  const files = { '/app/.env': ENV }
  for (let count = 1 + Math.floor(random() * 3); count > 0; count--) {
    const file = pick(FILES)
    files[file] = textOf(file, pick, random)
  }
  return files
}

function textOf(file, pick, random) {
  const base = file.endsWith('.toml') ? TOML : file.endsWith('.env') ? ENV : pick(BASES)
  let text = typeof base === 'string' ? base : written(base, pick, random)
  if (typeof base !== 'string' && random() < 0.5) return text
  for (let count = Math.floor(random() * 4); count > 0; count--) text = torn(text, pick, random)
  return text
}

/** A value with some of its parts replaced, as JSON. */
function written(base, pick, random) {
  const value = structuredClone(base)
  for (let count = Math.floor(random() * 4); count > 0; count--) replacePart(value, pick, random)
  try {
    return JSON.stringify(value)
  } catch {
    // Too deep even to be written.
    return '['.repeat(100_000)
  }
}

function replacePart(value, pick, random) {
  let parent = value
  for (;;) {
    const keys = Object.keys(parent)
    const key = random() < 0.2 || keys.length === 0 ? pick(KEYS) : pick(keys)
    const child = Object.hasOwn(parent, key) ? parent[key] : undefined
    if (typeof child === 'object' && child !== null && random() < 0.8) {
      parent = child
      continue
    }
    Object.defineProperty(parent, key, {
      value: oddValue(pick),
      enumerable: true,
      configurable: true,
      writable: true,
    })
    return
  }
}

function oddValue(pick) {
  const values = [
    null,
    5,
    -1,
    0.5,
    true,
    '',
    SECRET,
    [],
    {},
    [SECRET, 5],
    { A: SECRET, B: 5 },
    `${SECRET}\0`,
  ]
  const texts = [
    `\${${'N'.repeat(9)}} ${SECRET}`,
    '$env:NONE',
    `\${SET}${SECRET}`,
    '${',
    '${a:-',
    `${SECRET}\n`,
    '…',
    '\ud800',
  ]
  const makers = [
    () => deep(pick([10, 2000]), '[', ']'),
    () => deep(pick([10, 2000]), '{"a":', '}'),
    () => SECRET.repeat(pick([1000, 100_000])),
    () => '${a:-'.repeat(20_000),
    () => Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`k${at}`, SECRET])),
    () => ({ '': SECRET }),
    () => ({ 'A=B': SECRET }),
    () => JSON.parse(`{"__proto__": {"command": "${SECRET}"}}`),
    ...[...values, ...texts].map((value) => () => value),
  ]
  return pick(makers)()
}

function deep(depth, open, close) {
  return JSON.parse(open.repeat(depth) + 1 + close.repeat(depth))
}

/** A text with a piece missing, twice there, or another one put in. */
function torn(text, pick, random) {
  const [from, to] = [random(), random()]
    .map((each) => Math.floor(each * (text.length + 1)))
    .sort((a, b) => a - b)
  const near = Math.min(to, from + 20)
  const pieces = [
    '\ufeff',
    '/* ',
    '// x\n',
    ',',
    '{',
    '}',
    ']',
    '"',
    '\\u',
    '\0',
    '"__proto__":{"command":"x"},',
    '['.repeat(100_000),
    '=',
    '\n',
  ]
  const change = pick([
    () => text.slice(0, from),
    () => text.slice(0, from) + text.slice(near),
    () => text.slice(0, near) + text.slice(from),
    () => text.slice(0, from) + pick(pieces) + text.slice(from),
    () =>
      text.slice(0, from) + String.fromCharCode(Math.floor(random() * 128)) + text.slice(from + 1),
  ])
  return change()
}

/**
 * Returns the first thing that is wrong with how these files are read, or `undefined`.
 * @param {Record<string, string>} files
 */
export async function judge(files) {
  const read = await configuration.readConfiguration({
    .../** @type {any} */ (PLACES),
    files: memoryFiles(files),
  })
  const { servers, unusable, ignored, refusal } = read
  for (const server of [...servers, ...unusable]) {
    const { name, source, needs, reason, transport, key } = server
    if (typeof name !== 'string' || !(source.path in files) || typeof key !== 'string')
      return `no server: ${name}`
    if (needs === undefined || needs === 'variable' || needs === 'invalid') {
      if ((transport === undefined) !== (needs !== undefined))
        return `${name} needs ${needs}, and has a transport or none`
    }
    if (needs !== undefined && !(reason?.length > 0 && reason.length < 1000))
      return `${name} needs ${needs} for ${reason}`
    // Whatever is left is something that the addon takes.
    if (needs === undefined) serverOptions.nativeServer(name, transport, {})
  }
  if (refusal !== undefined && refusal.code !== 'ERR_INVALID_CONFIG')
    return `refused without a code: ${refusal}`
  for (const { file, problem } of ignored) {
    if (!(file in files) || !(problem.length < 1000)) return `ignored ${file}: ${problem}`
  }
  const said = [...servers, ...unusable]
    .map(({ reason }) => reason ?? '')
    .concat(ignored.map(({ problem }) => problem))
  // A torn text may have a value in the place of a name, and names are told.
  const isWhole = Object.entries(files).every(
    ([file, text]) => text === ENV || (/\.jsonc?$/.test(file) && isJson(text)),
  )
  // The path of a file is told, and no more of it.
  const told = said.filter((each) => !each.startsWith('envFile /')).join()
  if (isWhole && told.includes(SECRET)) return `a value is told: ${told}`
  if (/** @type {any} */ ({}).command !== undefined) return 'all objects have a command now'
  return undefined
}

function isJson(text) {
  try {
    return JSON.parse(text) !== undefined
  } catch {
    return false
  }
}
