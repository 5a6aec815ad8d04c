'use strict'

// Whether procward can do here what it promises.

const os = require('node:os')
const semver = require('semver')
const manifest = require('../../../package.json')
const { counted, size } = require('../text')
const { fail, ok, warn } = require('./check')

/** @typedef {import('./check').Check} Check */

/** Timeout in ms of a process that prints its version. */
const VERSION_TIMEOUT = 20_000

/** @returns {Promise<Check[]>} */
async function machineChecks() {
  const addon = addonCheck()
  // Without it nothing else can be asked.
  const others =
    addon.status === 'fail' ? [] : [...guaranteeChecks(), await callCheck(), await leftoverCheck()]
  return [nodeCheck(), addon, ...others, memoryCheck()]
}

/** @param {string} [version] @returns {Check} */
function nodeCheck(version = process.versions.node) {
  const wanted = manifest.engines.node
  const message = `Node.js ${version}`
  return semver.satisfies(version, wanted)
    ? ok('node', message)
    : fail('node', `${message}, needs ${wanted}`)
}

/** @returns {Check} */
function addonCheck() {
  const { glibcVersionRuntime } = /** @type {any} */ (process.report?.getReport())?.header ?? {}
  const libc =
    process.platform === 'linux'
      ? glibcVersionRuntime
        ? `, glibc ${glibcVersionRuntime}`
        : ', musl'
      : ''
  try {
    require('../../native')
    return ok(
      'addon',
      `procward ${manifest.version} for ${process.platform}-${process.arch}${libc}`,
    )
  } catch (error) {
    return fail('addon', /** @type {Error} */ (error).message.replaceAll('\n', ' '))
  }
}

/** @returns {Check[]} */
function guaranteeChecks() {
  try {
    const { level, mechanism, cgroup, platform, missing } =
      require('../../guarantees').getGuarantees()
    const held = `trees are held by a ${mechanism}`
    const guarantee =
      level === 'complete'
        ? ok('guarantee', `complete: ${held}`)
        : warn('guarantee', `best effort: ${held}; docs/guarantees.md says what escapes`)
    const lacks = missing.map(({ message }) => warn('guarantee', message))
    if (platform !== 'linux') return [guarantee, ...lacks]
    const group = cgroup
      ? 'each tree gets a control group'
      : 'none for trees here; they are held without'
    return [guarantee, ...lacks, ok('cgroup', group)]
  } catch (error) {
    return [fail('guarantee', /** @type {Error} */ (error).message)]
  }
}

/** Starts a process, as a call would. @returns {Promise<Check>} */
async function callCheck() {
  const { Runner } = require('../../process/runner')
  try {
    const { stdout } = await new Runner().run(process.execPath, ['--version'], {
      timeout: VERSION_TIMEOUT,
    })
    const isRight = String(stdout).trim() === process.version
    return isRight
      ? ok('call', 'a process was started and has ended')
      : fail('call', 'a process wrote something else')
  } catch (error) {
    const { code, cause } = /** @type {any} */ (error)
    return fail(
      'call',
      `no process can be started: ${[code, cause?.code].filter(Boolean).join(', ')}`,
    )
  }
}

/** @returns {Promise<Check>} */
async function leftoverCheck() {
  const { killed, errors } = await require('../processes').scan({ dryRun: true })
  if (errors.length > 0) return fail('leftovers', errors[0].message)
  if (killed.length === 0) return ok('leftovers', 'none')
  const left = counted(killed.length, 'process', 'processes')
  return warn('leftovers', `${left} of dead servers; procward clean shows them`)
}

/** @returns {Check} */
function memoryCheck() {
  const total = os.totalmem()
  const limit = process.constrainedMemory?.() ?? 0
  // Without a limit some systems name a number that no machine has.
  return limit > 0 && limit < total
    ? ok('memory', `${size(limit)}, the limit of this control group, of ${size(total)}`)
    : ok('memory', `${size(total)}, no limit`)
}

module.exports = { machineChecks, nodeCheck }
