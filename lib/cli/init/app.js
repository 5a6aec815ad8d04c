'use strict'

// Looks at the app in a folder: its framework, its kind of modules, and what it has of procward
// already. Reads files, and runs nothing of the app.

const fs = require('node:fs')
const path = require('node:path')

/**
 * @typedef {object} App
 * @property {'express' | 'fastify' | 'http'} framework
 * @property {boolean} usesImport - has ES modules or TypeScript, so that imports are statements
 * @property {boolean} isTypeScript
 * @property {string} file - the file of the app, relative to the folder
 * @property {string} startFile - the file that starts the server: that of the app, or another one
 * @property {string} name - the variable of the app, or of the plain HTTP server
 * @property {string | undefined} server - the variable of the HTTP server, if there is one
 * @property {string | undefined} listening - the line that starts a server without a variable
 * @property {boolean} handlesSignals - has a handler of SIGTERM or SIGINT
 * @property {string | undefined} start - the script `start` of package.json
 * @property {Has} has
 *
 * @typedef {Record<'package' | 'routes' | 'cleanup' | 'shutdown' | 'guard', boolean>} Has
 * @typedef {{ main?: unknown, type?: unknown, scripts?: Record<string, unknown>, dependencies?:
 *   object, devDependencies?: object }} Manifest
 * @typedef {{ file: string, text: string }} Source
 */

/** The largest file that is read. */
const LONGEST = 2 ** 20
const FOLDERS = ['', 'src']
const NAMES = ['server', 'index', 'main', 'app']
const ENDINGS = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs']
/** The folders of compiled files. */
const COMPILED = /^(\.\/)?(dist|build|out)\//
const SCRIPT = /(?:^|\s)((?:\.\/)?[\w./-]+\.[cm]?[jt]s)(?=\s|$)/
/** The file with the server of an app that express-generator has made. */
const GENERATED = 'bin/www'

/** Files whose name does not tell that they may have the app. */
const PROGRAM = /\.[cm]?[jt]s$/
const NO_APP = /\.(?:d|test|spec|config)\.[cm]?[jt]s$/
const MOST_FILES = 200
const FRAMEWORKS = ['fastify', 'express', 'node:http', 'http', 'node:https', 'https']

const CREATES = {
  fastify: /(?:\b(?:fastify|Fastify)|\brequire\(\s*['"]fastify['"]\s*\))\s*\(/,
  express: /(?:\bexpress|\brequire\(\s*['"]express['"]\s*\))\s*\(\s*\)/,
  http: /\bcreateServer\s*\(/,
}
const HTTP = `(?:\\w+\\.|\\brequire\\(\\s*['"](?:node:)?https?['"]\\s*\\)\\.)?createServer\\s*\\(`

/** Returns the app in a folder; `undefined` if none is found. @param {string} folder */
function appIn(folder) {
  const manifest = manifestOf(folder)
  const sources = sourcesIn(folder, manifest)
  const usual = appAmong(sources, manifest)
  if (usual !== undefined) return usual
  // One by one, because each may be a program of its own.
  for (const other of othersIn(folder, sources)) {
    const found = appAmong([other, ...sources], manifest)
    if (found !== undefined) return found
  }
  return undefined
}

/** @param {Source[]} sources @param {Manifest} manifest */
function appAmong(sources, manifest) {
  const packages = { ...manifest.dependencies, ...manifest.devDependencies }
  for (const framework of /** @type {const} */ (['fastify', 'express', 'http'])) {
    if (framework !== 'http' && !(framework in packages) && !sources.some(imports(framework)))
      continue
    const found = sources.find(({ text }) => CREATES[framework].test(text))
    if (found !== undefined) return appOf(framework, found, sources, manifest, packages)
  }
  return undefined
}

/**
 * @param {App['framework']} framework
 * @param {Source} source
 * @param {Source[]} sources
 * @param {Manifest} manifest
 * @param {object} packages
 * @returns {App}
 */
function appOf(framework, { file, text }, sources, { type, scripts }, packages) {
  const isTypeScript = /ts$/.test(file)
  const all = sources.map((source) => source.text).join('\n')
  const start = typeof scripts?.start === 'string' ? scripts.start : undefined
  const creation = CREATES[framework].source
  const name = variableOf(text, `(?:await\\s+)?(?:\\w+\\.)?${creation}`) ?? defaultName(framework)
  const listens = (/** @type {Source} */ source) => /\.listen\s*\(/.test(source.text)
  const starting = listens({ file, text }) ? { file, text } : sources.find(listens)
  return {
    framework,
    usesImport: isTypeScript || usesImport(file, text, type),
    isTypeScript,
    file,
    startFile: starting?.file ?? file,
    name,
    server: framework === 'fastify' ? undefined : serverOf(starting?.text ?? text),
    listening: listeningLine(starting?.text ?? text, name),
    handlesSignals: /\.(?:on|once|addListener)\(\s*['"`]SIG(?:TERM|INT)['"`]/.test(all),
    start,
    has: {
      package: 'procward' in packages,
      routes: /['"`]procward\/health['"`]/.test(all),
      cleanup: /\bcleanup\.start\s*\(/.test(all),
      shutdown: /['"`]procward(?:\/mcp-helper)?['"`]/.test(all) && /\bshutdown\b/.test(all),
      guard: /procward\/register/.test(`${start} ${all}`),
    },
  }
}

/** @param {App['framework']} framework */
function defaultName(framework) {
  return framework === 'http' ? 'server' : 'app'
}

/** @param {string} text */
function serverOf(text) {
  return variableOf(text, '[\\w.]+\\.listen\\s*\\(') ?? variableOf(text, HTTP)
}

/**
 * Returns the first line of the statement that starts a server. Returns `undefined` if the start is
 * part of another statement.
 * @param {string} text
 * @param {string} name - the variable of the app
 */
function listeningLine(text, name) {
  const escaped = name.replaceAll('$', '\\$')
  const statement = new RegExp(`^[ \\t]*((?:${escaped}\\.listen\\s*\\(|${HTTP}).*?)\\s*$`, 'm')
  return statement.exec(text)?.[1]
}

/**
 * Returns the variable that gets the value of an expression.
 * @param {string} text
 * @param {string} pattern - of the expression
 */
function variableOf(text, pattern) {
  // A variable may have been declared before.
  const assigned = `(?:\\b(?:const|let|var)\\s+|^[ \\t]*)([A-Za-z_$][\\w$]*)\\s*(?::[^=\\n]+)?=\\s*`
  return new RegExp(assigned + pattern, 'm').exec(text)?.[1]
}

/** @param {string} file @param {string} text @param {unknown} type */
function usesImport(file, text, type) {
  if (/\.m[jt]s$/.test(file)) return true
  if (/\.c[jt]s$/.test(file)) return false
  // Node.js from 22.7 on, and bundlers, recognise the statements without a `type`.
  return type === 'module' || (/^\s*import\s[^(]*['"]/m.test(text) && !/\brequire\(/.test(text))
}

/** @param {string} name */
function imports(name) {
  const pattern = new RegExp(`(?:from|import|require\\()\\s*['"\`]${name}['"\`]`)
  return (/** @type {Source} */ { text }) => pattern.test(text)
}

/** @param {string} folder @returns {Manifest} */
function manifestOf(folder) {
  const text = textOf(path.join(folder, 'package.json'))
  if (text === undefined) return {}
  try {
    const manifest = JSON.parse(text)
    return typeof manifest === 'object' && manifest !== null ? manifest : {}
  } catch {
    return {}
  }
}

/**
 * Returns the files that may have the app, the likeliest first.
 * @param {string} folder
 * @param {Manifest} manifest
 * @returns {Source[]}
 */
function sourcesIn(folder, { main, scripts }) {
  const named = [scripts?.start, scripts?.dev, main].flatMap((text) => {
    const [, file] = typeof text === 'string' ? (SCRIPT.exec(text) ?? []) : []
    return file === undefined || COMPILED.test(file) ? [] : [path.normalize(file)]
  })
  const usual = FOLDERS.flatMap((parent) =>
    NAMES.flatMap((name) => ENDINGS.map((ending) => path.join(parent, `${name}.${ending}`))),
  )
  const inside = [...new Set([...named, ...usual, GENERATED])].filter(
    (file) => !file.startsWith('..'),
  )
  return inside.flatMap((file) => {
    const text = textOf(path.join(folder, file))
    return text === undefined ? [] : [{ file: file.replaceAll('\\', '/'), text }]
  })
}

/**
 * Returns the other programs of the folder and of src that import a framework, by name.
 * @param {string} folder
 * @param {Source[]} known
 */
function othersIn(folder, known) {
  const files = FOLDERS.flatMap((parent) =>
    namesIn(path.join(folder, parent)).map((name) => path.posix.join(parent, name)),
  )
  const others = files.filter((file) => !known.some((source) => source.file === file))
  return others.slice(0, MOST_FILES).flatMap((file) => {
    const text = textOf(path.join(folder, file))
    return text !== undefined && FRAMEWORKS.some((name) => imports(name)({ file, text }))
      ? [{ file, text }]
      : []
  })
}

/** Returns the names of the programs in a folder. @param {string} folder */
function namesIn(folder) {
  try {
    return fs
      .readdirSync(folder)
      .filter((name) => PROGRAM.test(name) && !NO_APP.test(name))
      .sort()
  } catch {
    return []
  }
}

/**
 * Returns a file's text; `undefined` if it is missing, no file, or too large.
 * @param {string} file
 */
function textOf(file) {
  try {
    const info = fs.statSync(file)
    return info.isFile() && info.size <= LONGEST ? fs.readFileSync(file, 'utf8') : undefined
  } catch {
    return undefined
  }
}

module.exports = { appIn }
