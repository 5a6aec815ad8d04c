'use strict'

// The MCP servers that are configured here, and whether the mcporter is there that some of them
// need.

const fs = require('node:fs')
const path = require('node:path')
const semver = require('semver')
const config = require('../../config')
const { placesOf } = require('../../mcporter/cli')
const { readConfiguration } = require('../../mcporter/config')
const { isUnusable } = require('../../mcp/failure')
const { homeFiles } = require('../../mcporter/config/layers')
const { placesHere } = require('../../mcporter/config/places')
const { findMcporter } = require('../../mcporter/find')
const { withoutNpx } = require('../../mcporter/npx-bypass')
const { counted, plain } = require('../text')
const { fail, ok, place, warn } = require('./check')
const { startProblem } = require('./startable')

/** The most names in one line. */
const MAX_NAMES = 10
const MAX_NAME = 60

/** @typedef {import('./check').Check} Check */
/** @typedef {import('../../mcporter/config/server').Server} Server */
/** @typedef {import('../../mcporter/config/server').Stdio} Stdio */
/** @typedef {Map<Stdio, Awaited<ReturnType<typeof withoutNpx>>>} Direct */

/** @returns {Promise<Check[]>} */
async function mcporterChecks() {
  const cwd = process.cwd()
  let configuration
  try {
    configuration = await readConfiguration(placesHere({ cwd }))
  } catch (error) {
    return [
      fail(
        'configuration',
        `it cannot be read: ${/** @type {any} */ (error).code ?? 'unexpected error'}`,
      ),
    ]
  }
  const { servers, unusable, missing, refusal } = configuration
  const needing = servers.filter(({ needs }) => needs !== undefined && !isUnusable(needs))
  const broken = servers.filter(({ needs }) => isUnusable(needs))
  const direct = await startedDirectly(servers, cwd)
  const stopped = unstartable(servers, direct)
  return [
    ...(refusal && servers.length === 0
      ? []
      : [serversCheck(servers, broken.length + stopped.length, missing)]),
    ...configuration.ignored.map((each) => passedOver(each, refusal?.file)),
    ...[...broken, ...unusable].map(unusableEntry),
    ...stopped,
    ...npxCheck(direct),
    mcporterCheck(needing, cwd),
  ]
}

/**
 * @param {Server[]} servers
 * @param {number} dead - the count of those that cannot start
 * @param {string} [missing] - the project's file, if it is not there
 * @returns {Check}
 */
function serversCheck(servers, dead, missing) {
  const all = named(servers, 'MCP server')
  if (servers.length === 0 && missing !== undefined) {
    const home = homeFiles(placesHere({ cwd: process.cwd() })).find((file) => /json$/.test(file))
    const others = `${place(home ?? missing)} and the files of editors`
    const looked = `there is no file ${place(missing)} in this folder, and none in ${others}`
    return warn('configuration', `${all}; ${looked}; docs/mcp-servers.md says what to write`)
  }
  return dead === 0
    ? ok('configuration', all)
    : warn('configuration', `${all}; ${dead} of ${servers.length} cannot start`)
}

/** @param {Server[]} servers @param {string} what */
function named(servers, what) {
  if (servers.length === 0) return `no ${what}s`
  const names = servers.slice(0, MAX_NAMES).map(({ name }) => plain(name, MAX_NAME))
  const more = servers.length - names.length
  return `${counted(servers.length, what)}: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/**
 * Returns for each server by npx how it is started without npx, where that is possible.
 * @param {Server[]} servers
 * @param {string} cwd
 * @returns {Promise<Direct>}
 */
async function startedDirectly(servers, cwd) {
  const byNpx = servers.flatMap(({ transport }) =>
    transport?.kind === 'stdio' && isNpx(transport) ? [transport] : [],
  )
  const found = byNpx.map(
    async (transport) => /** @type {const} */ ([transport, await withoutNpx(transport, { cwd })]),
  )
  return new Map(await Promise.all(found))
}

/** @param {Stdio} transport */
function isNpx({ command }) {
  return /^npx(\.cmd|\.exe)?$/.test(path.basename(command))
}

/**
 * Returns a warning for each server whose command or folder is not there.
 * @param {Server[]} servers
 * @param {Direct} direct
 */
function unstartable(servers, direct) {
  return servers.flatMap(({ name, source, transport }) => {
    if (transport?.kind !== 'stdio') return []
    const problem = startProblem(direct.get(transport) ?? transport)
    if (problem === undefined) return []
    const entry = `${plain(name, MAX_NAME)} in ${place(source.path)}`
    return [warn('configuration', `${entry} cannot start: ${problem}`)]
  })
}

/**
 * @param {import('../../mcporter/config').Ignored} ignored
 * @param {string} [refused] - the file with which mcporter would not start
 */
function passedOver({ file, problem }, refused) {
  if (file === refused) return fail('configuration', `${place(file)}: ${problem}`)
  return warn('configuration', `${place(file)} is passed over: ${problem}`)
}

/** @param {Server} server */
function unusableEntry({ name, source, reason = '' }) {
  const why = reason.replace(/^envFile (.+): /, (_, file) => `envFile ${place(file)}: `)
  return warn(
    'configuration',
    `${plain(name)} in ${place(source.path)} cannot be used: ${plain(why)}`,
  )
}

/** @param {Direct} direct @returns {Check[]} */
function npxCheck(direct) {
  if (direct.size === 0) return []
  const found = [...direct.values()].filter((transport) => transport !== undefined).length
  const message = `${counted(direct.size, 'server')} by npx, ${found} of them started without it`
  return [
    found === direct.size
      ? ok('npx', message)
      : warn('npx', `${message}; install the others' packages to save time`),
  ]
}

/** @param {Server[]} needing @param {string} cwd @returns {Check} */
function mcporterCheck(needing, cwd) {
  const need =
    needing.length === 0 ? 'no configured server needs it' : `needed by ${named(needing, 'server')}`
  let found
  try {
    found = findMcporter(placesOf({ bin: config.mcporterBin(), cwd, env: {} }))
  } catch {
    if (config.mcporterBin() !== undefined)
      return fail('mcporter', 'MCPORTER_BIN names something that is not there')
    const message = `not installed; ${need}`
    return needing.length === 0 ? ok('mcporter', message) : fail('mcporter', message)
  }
  if ('command' in found) return ok('mcporter', `a command of an unknown version; ${need}`)
  const { version = 'of an unknown version', engines } = manifestAbove(found.script)
  const message = `${plain(version)}; ${need}`
  const wanted = engines?.node
  if (typeof wanted !== 'string' || semver.satisfies(process.versions.node, wanted))
    return ok('mcporter', message)
  return fail('mcporter', `${message}; it wants Node.js ${plain(wanted)}`)
}

/**
 * mcporter's package.json.
 * @param {string} script
 * @returns {{ version?: string, engines?: { node?: string } }}
 */
function manifestAbove(script) {
  for (
    let folder = path.dirname(script);
    folder !== path.dirname(folder);
    folder = path.dirname(folder)
  ) {
    try {
      const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))
      if (manifest.name === 'mcporter') return manifest
    } catch {
      // The next folder may have one.
    }
  }
  return {}
}

module.exports = { mcporterChecks }
