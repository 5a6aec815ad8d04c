'use strict'

// Runs a command with the terminal and the standard streams of this process, and leaves no process
// of it behind.

const { signals: NUMBERS } = require('node:os').constants
const config = require('../../config')
const { EXIT } = require('../failure')
const { PassedSignals, interruptThisProcess } = require('../run/signals')
const { duration } = require('../text')

/** @type {import('../main').Run} */
async function run(given, output) {
  try {
    return await exitCode(given, output)
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error)
    output.error(message)
    return code === 'ENOENT' ? EXIT.notFound : EXIT.notExecutable
  }
}

/** @type {import('../main').Run} */
async function exitCode({ words: [file, ...args], timeout, grace }, output) {
  const tree = start(file, args, grace, (reason) =>
    output.warn(`the command runs without a guard, so its processes may outlive it (${reason})`),
  )
  new PassedSignals(tree)
  let isTimedOut = false
  const onTimeout = () => {
    isTimedOut = true
    output.warn(`timed out after ${duration(timeout)}`)
    tree.terminate()
  }
  const timer = timeout === Infinity ? undefined : setTimeout(onTimeout, timeout)
  try {
    const { code, signal } = await tree.exit
    if (isTimedOut) return EXIT.timedOut
    if (signal === 'SIGINT') interruptThisProcess()
    return signal === null ? (code ?? EXIT.problem) : 128 + numberOf(signal)
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Returns a signal's number. A signal without a name has its number as name.
 * @param {string} signal
 */
function numberOf(signal) {
  return NUMBERS[/** @type {NodeJS.Signals} */ (signal)] ?? Number(signal.replace('SIG', ''))
}

/**
 * @param {string} file
 * @param {string[]} args
 * @param {number} grace
 * @param {(reason: string) => void} onUnguarded
 */
function start(file, args, grace, onUnguarded) {
  if (process.platform === 'linux' && config.usesWarden()) {
    const { GuardedTree } = require('../run/guarded-tree')
    return new GuardedTree(file, args, grace, onUnguarded)
  }
  const { TrackedTree } = require('../run/tracked-tree')
  return new TrackedTree(file, args, grace)
}

module.exports = { run }
