'use strict'

// The servers that mcporter would find, from the files where it would look, in its order and with
// its precedence.

const { setImmediate } = require('node:timers/promises')
const { definitionOf, isRemote } = require('./definition')
const { envFileVariables } = require('./env-file')
const { isOutOfReach, readProblem, recorded } = require('./files')
const { importedEntries } = require('./imported')
const { IMPORT_KINDS, importPlaces } = require('./import-places')
const { invalidFile, missingFile, namedFile, readLayers } = require('./layers')
const { parseJson } = require('./parse')
const { MissingVariables } = require('./placeholders')
const { UnusableEntry, either, entryProblem, unknownKey } = require('./schema')
const { resolveServer, unusableServer } = require('./server')
const { isObject } = require('../../validate')

/** The number of entries that are understood in one turn of the event loop: some milliseconds. */
const AT_ONCE = 32

/** @typedef {import('./places').Places} Places */
/** @typedef {import('./server').Server} Server */
/** @typedef {import('./definition').Source} Source */
/** @typedef {{ entry: unknown, source: Source }} Found */
/** A file that is passed over. @typedef {{ file: string, problem: string }} Ignored */

/**
 * @typedef {object} Configuration
 * @property {Server[]} servers
 * @property {Server[]} unusable
 *   - editors' entries that mcporter passes over in silence, where no other has the name
 * @property {number} [idleTimeout]
 *   - ms after which mcporter's daemon would end an idle server that has no time of its own
 * @property {Ignored[]} ignored
 * @property {string} [missing] - the project's file, if it is not there
 * @property {Error & { code: string, file: string }} [refusal]
 *   - `ERR_INVALID_CONFIG`: one of these files keeps mcporter from starting
 * @property {Map<string, string>} marks - each file that was looked at, with its state then
 */

/**
 * Reads all files. No file makes another unusable, and no entry another entry.
 * @param {Places} places
 * @returns {Promise<Configuration>}
 */
async function readConfiguration(places) {
  const { files, marks } = recorded(places.files)
  const here = { ...places, files }
  /** @type {Ignored[]} */
  const ignored = []
  /** @type {Map<string, Found>} */
  const found = new Map()
  /** @type {Map<string, Found>} */
  const passedOver = new Map()
  let idleTimeout
  let refusal
  const layers = await readLayers(here)
  for (const { path, ...read } of layers) {
    const { layer, problem, isFatal } = parseLayer(read, namedFile(here) !== undefined)
    if (problem !== undefined) ignored.push({ file: path, problem })
    if (problem !== undefined && isFatal) refusal ??= invalidFile(path, problem)
    idleTimeout = idleTimeoutOf(layer) ?? idleTimeout
    for (const kind of importsOf(layer)) {
      const imported = await readImport(kind, here, ignored)
      for (const [name, each] of imported.entries) if (!found.has(name)) found.set(name, each)
      for (const [name, each] of imported.unusable)
        if (!passedOver.has(name)) passedOver.set(name, each)
    }
    for (const [name, entry] of Object.entries(layer.mcpServers))
      found.set(name, { entry, source: local(path) })
  }
  const servers = await serversOf([...found], here)
  const isUsable = new Set(servers.filter(isListed).map(({ name }) => name))
  for (const [name, each] of found) if (!isUsable.has(name)) passedOver.set(name, each)
  const others = [...passedOver].filter(([name]) => !isUsable.has(name))
  const unusable = await serversOf(others, here)
  return {
    servers: servers.filter(isListed),
    unusable,
    idleTimeout,
    ignored: unique(ignored),
    missing: missingFile(layers, here),
    refusal,
    marks,
  }
}

/**
 * Resolves entries in groups, with a turn of the event loop after each group.
 * @param {[name: string, found: Found][]} all
 * @param {Places} places
 */
async function serversOf(all, places) {
  /** @type {Server[]} */
  const servers = []
  for (let at = 0; at < all.length; at += AT_ONCE) {
    if (at > 0) await setImmediate()
    const some = all.slice(at, at + AT_ONCE)
    servers.push(...(await Promise.all(some.map(([name, found]) => serverOf(name, found, places)))))
  }
  return servers
}

/**
 * Returns whether mcporter lists a server. mcporter ignores an editor's unusable entry.
 * @param {Server} server
 */
function isListed({ source, definition }) {
  return source.kind === 'local' || definition !== undefined
}

/** Two files of mcporter may import the same ones. @param {Ignored[]} ignored */
function unique(ignored) {
  return [...new Map(ignored.map((each) => [each.file, each])).values()]
}

/** @param {string} name @param {Found} found @param {Places} places @returns {Promise<Server>} */
async function serverOf(name, { entry, source }, places) {
  try {
    const problem = entryProblem(entry)
    if (problem !== undefined) throw new UnusableEntry(problem)
    const raw = /** @type {import('./schema').Entry} */ (entry)
    const variables = isRemote(raw) ? undefined : await envFileVariables(raw, source, places)
    const own =
      variables === undefined ? places : { ...places, env: { ...places.env, ...variables } }
    const server = resolveServer(await definitionOf(name, raw, source, own, variables), own)
    return server.needs === undefined ? Object.assign(server, saidByEntry(raw, server)) : server
  } catch (error) {
    if (!(error instanceof UnusableEntry || error instanceof MissingVariables)) throw error
    return unusableServer(name, source, error)
  }
}

/**
 * Returns the part of an entry that rules out a session.
 * @param {import('./schema').Entry} entry
 * @param {Server} server
 */
function saidByEntry(entry, { source, transport }) {
  const isSse = [entry.type, entry.transport].includes('sse')
  if (isSse && transport?.kind === 'http') {
    return /** @type {const} */ ({
      needs: 'sse',
      reason: 'its type is sse, the transport before Streamable HTTP',
    })
  }
  const key = source.kind === 'local' ? unknownKey(entry) : undefined
  if (key === undefined) return {}
  return /** @type {const} */ ({
    needs: 'unknown-key',
    reason: `${JSON.stringify(key)} may mean something to mcporter`,
  })
}

/**
 * Parses one of mcporter's own files; returns an empty layer for an unusable one.
 * @param {{ text?: string, problem?: string }} file
 * @param {boolean} isNamed
 * @returns {{ layer: Record<string, any>, problem?: string, isFatal?: boolean }} `isFatal` where
 *   mcporter would not start
 */
function parseLayer({ text, problem }, isNamed) {
  const nothing = { mcpServers: {} }
  if (problem !== undefined) return { layer: nothing, problem, isFatal: true }
  if (text === undefined) return { layer: nothing }
  let layer
  try {
    layer = parseJson(text)
  } catch (error) {
    const { message } = /** @type {Error} */ (error)
    return { layer: nothing, problem: `it is no JSON: ${message}`, isFatal: isNamed }
  }
  const wrong = layerProblem(layer)
  if (wrong !== undefined) return { layer: nothing, problem: wrong, isFatal: true }
  return { layer: /** @type {Record<string, any>} */ (layer) }
}

/** @param {unknown} layer */
function layerProblem(layer) {
  if (!isObject(layer) || !isObject(layer.mcpServers))
    return 'it must be an object with mcpServers, an object'
  for (const kind of importsOf(layer)) {
    if (!IMPORT_KINDS.includes(kind))
      return `imports must be an array of ${IMPORT_KINDS.join(', ')}`
  }
  const idle = idleTimeoutOf(layer)
  const isTime = idle === undefined || (Number.isInteger(idle) && idle > 0)
  return isTime ? undefined : 'daemonIdleTimeoutMs must be a whole number of milliseconds'
}

/** @param {Record<string, any>} layer */
function idleTimeoutOf(layer) {
  return either(layer, 'daemonIdleTimeoutMs')
}

/**
 * Returns the kinds to import: the named ones first, then all others, unless the list is empty.
 * @param {Record<string, any>} layer
 */
function importsOf({ imports }) {
  if (imports === undefined) return IMPORT_KINDS
  if (!Array.isArray(imports)) return [imports]
  return imports.length === 0 ? [] : [...new Set([...imports, ...IMPORT_KINDS])]
}

/**
 * @param {import('./import-places').ImportKind} kind
 * @param {Places} places
 * @param {Ignored[]} ignored
 */
async function readImport(kind, places, ignored) {
  /** @type {Map<string, Found>} */
  const entries = new Map()
  /** @type {Map<string, Found>} */
  const unusable = new Map()
  for (const file of importPlaces(kind, places)) {
    try {
      const text = await places.files.read(file)
      if (text === undefined) continue
      const source = { kind: /** @type {const} */ ('import'), path: file, importKind: kind }
      const imported = await importedEntries(text, { kind, file }, places)
      for (const [name, entry] of imported.entries)
        if (!entries.has(name)) entries.set(name, { entry, source })
      for (const [name, entry] of imported.unusable)
        if (!unusable.has(name)) unusable.set(name, { entry, source })
    } catch (error) {
      if (isOutOfReach(error)) continue
      const { name, message } = /** @type {Error} */ (error)
      ignored.push({
        file,
        problem: name === 'SyntaxError' ? `it can't be parsed: ${message}` : readProblem(error),
      })
    }
  }
  return { entries, unusable }
}

/** @param {string} path @returns {Source} */
function local(path) {
  return { kind: 'local', path }
}

module.exports = { readConfiguration }
