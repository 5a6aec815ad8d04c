'use strict'

// The servers that mcporter would find, from the files where it would look, in its order and with its precedence.

const { definitionOf } = require('./definition')
const { recorded } = require('./files')
const { importedEntries } = require('./imported')
const { IMPORT_KINDS, importPlaces } = require('./import-places')
const { invalidFile, namedFile, readLayers } = require('./layers')
const { isRecord, parseJson } = require('./parse')
const { MissingVariables } = require('./placeholders')
const { UnusableEntry, either, entryProblem, unknownKey } = require('./schema')
const { resolveServer, unusableServer } = require('./server')

/** @typedef {import('./places').Places} Places */
/** @typedef {import('./server').Server} Server */
/** @typedef {import('./definition').Source} Source */
/** @typedef {{ entry: unknown, source: Source }} Found */
/** @typedef {{ file: string, problem: string }} Ignored */

/**
 * @typedef {object} Configuration
 * @property {Server[]} servers
 * @property {number} [idleTimeout] - ms after which mcporter's daemon would end an idle server that has no time of its own
 * @property {Ignored[]} ignored - files that mcporter would pass over too
 * @property {Map<string, string>} marks - each file that was looked at, with its state then
 */

/** @param {Places} places @returns {Promise<Configuration>} @throws `ERR_INVALID_CONFIG` where mcporter would refuse to start */
async function readConfiguration(places) {
  const { files, marks } = recorded(places.files)
  const here = { ...places, files }
  /** @type {Ignored[]} */
  const ignored = []
  /** @type {Map<string, Found>} */
  const found = new Map()
  let idleTimeout
  for (const { path, text } of await readLayers(here)) {
    const layer = parseLayer(path, text, namedFile(here) !== undefined, ignored)
    idleTimeout = idleTimeoutOf(layer) ?? idleTimeout
    for (const kind of importsOf(layer)) {
      for (const [name, each] of await readImport(kind, here, ignored)) if (!found.has(name)) found.set(name, each)
    }
    for (const [name, entry] of Object.entries(layer.mcpServers)) found.set(name, { entry, source: local(path) })
  }
  const servers = await Promise.all([...found].map(([name, each]) => serverOf(name, each, here)))
  return { servers: servers.filter((server) => server !== undefined), idleTimeout, ignored, marks }
}

/** @param {string} name @param {Found} found @param {Places} places @returns {Promise<Server | undefined>} */
async function serverOf(name, { entry, source }, places) {
  try {
    const problem = entryProblem(entry)
    if (problem !== undefined) throw new UnusableEntry(problem)
    const raw = /** @type {import('./schema').Entry} */ (entry)
    const server = resolveServer(await definitionOf(name, raw, source, places), places)
    return server.needs === undefined ? { ...server, ...saidByEntry(raw, server) } : server
  } catch (error) {
    if (!(error instanceof UnusableEntry || error instanceof MissingVariables)) throw error
    // Of an editor's entry that it can't use, mcporter makes nothing.
    return source.kind === 'import' ? undefined : unusableServer(name, source, error)
  }
}

/** What the entry itself says against a session of ours. @param {import('./schema').Entry} entry @param {Server} server */
function saidByEntry(entry, { source, transport }) {
  const isSse = [entry.type, entry.transport].includes('sse')
  if (isSse && transport?.kind === 'http') {
    return /** @type {const} */ ({ needs: 'sse', reason: 'its type is sse, the transport before Streamable HTTP' })
  }
  const key = source.kind === 'local' ? unknownKey(entry) : undefined
  if (key === undefined) return {}
  return /** @type {const} */ ({
    needs: 'unknown-key',
    reason: `${JSON.stringify(key)} may mean something to mcporter`,
  })
}

/** @param {string} path @param {string | undefined} text @param {boolean} isNamed @param {Ignored[]} ignored @returns {Record<string, any>} */
function parseLayer(path, text, isNamed, ignored) {
  if (text === undefined) {
    if (isNamed) throw invalidFile(path, 'there is no such file')
    return { mcpServers: {} }
  }
  let layer
  try {
    layer = parseJson(text)
  } catch (error) {
    const problem = `it is no JSON: ${/** @type {Error} */ (error).message}`
    if (isNamed) throw invalidFile(path, problem)
    ignored.push({ file: path, problem })
    return { mcpServers: {} }
  }
  if (!isRecord(layer) || !isRecord(layer.mcpServers))
    throw invalidFile(path, 'it must be an object with mcpServers, an object')
  for (const kind of importsOf(layer)) {
    if (!IMPORT_KINDS.includes(kind)) throw invalidFile(path, `imports must be an array of ${IMPORT_KINDS.join(', ')}`)
  }
  const idle = idleTimeoutOf(layer)
  if (idle !== undefined && !(Number.isInteger(idle) && idle > 0)) {
    throw invalidFile(path, 'daemonIdleTimeoutMs must be a whole number of milliseconds')
  }
  return layer
}

/** @param {Record<string, any>} layer */
function idleTimeoutOf(layer) {
  return either(layer, 'daemonIdleTimeoutMs')
}

/** Those that are named come first; none are left out but by an empty list. @param {Record<string, any>} layer */
function importsOf({ imports }) {
  if (imports === undefined) return IMPORT_KINDS
  if (!Array.isArray(imports)) return [imports]
  return imports.length === 0 ? [] : [...new Set([...imports, ...IMPORT_KINDS])]
}

/** @param {import('./import-places').ImportKind} kind @param {Places} places @param {Ignored[]} ignored @returns {Promise<Map<string, Found>>} */
async function readImport(kind, places, ignored) {
  /** @type {Map<string, Found>} */
  const found = new Map()
  for (const file of importPlaces(kind, places)) {
    try {
      const text = await places.files.read(file)
      if (text === undefined) continue
      const source = { kind: /** @type {const} */ ('import'), path: file, importKind: kind }
      for (const [name, entry] of await importedEntries(text, { kind, file }, places)) {
        if (!found.has(name)) found.set(name, { entry, source })
      }
    } catch (error) {
      const { name, code } = /** @type {any} */ (error)
      ignored.push({ file, problem: name === 'SyntaxError' ? 'it can not be parsed' : `it can't be read: ${code}` })
    }
  }
  return found
}

/** @param {string} path @returns {Source} */
function local(path) {
  return { kind: 'local', path }
}

module.exports = { readConfiguration }
