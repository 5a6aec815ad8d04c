'use strict'

// The standard output of one process as the standard input of another.

const { pipeline } = require('node:stream')

/** @typedef {import('../../index').TrackedProcess} TrackedProcess */
/** @typedef {import('../../index').PipedProcesses} PipedProcesses */

/**
 * Connects two processes. When one fails, the other is terminated.
 * @param {any} source
 * @param {any} destination
 * @param {(source: any, destination: any) => void} check - throws if the two cannot be connected
 * @param {Promise<any>} [before] - of the source and of those that are piped into it
 * @returns {PipedProcesses}
 */
function connect(source, destination, check, before) {
  check(source, destination)
  // An error of the streams follows from the exit of a process, whose error says more.
  pipeline(source.stdout, destination.stdin, () => {})
  // `exited` starts the reading of an output that is no stream yet.
  const results = resultOf(source, destination, before ?? source.exited)
  // The last one of a chain has the errors of all.
  results.catch(() => {})
  return Object.assign(results, {
    pipe: (/** @type {TrackedProcess} */ next) => connect(destination, next, check, results),
  })
}

/**
 * @param {TrackedProcess} source
 * @param {TrackedProcess} destination
 * @param {Promise<any>} exited
 * @returns {Promise<any>}
 */
async function resultOf(source, destination, exited) {
  /** @type {unknown[]} */
  const errors = []
  const failed = (/** @type {TrackedProcess} */ other) => (/** @type {any} */ error) => {
    errors.push(error)
    other.kill()
  }
  const [from, to] = await Promise.all([
    exited.catch((error) => (isReadEnough(error) ? error : failed(destination)(error))),
    destination.exited.catch(failed(source)),
  ])
  if (errors.length > 0) throw errors[0]
  return { ...to, pipedFrom: [from] }
}

/**
 * Returns whether the source has ended because the destination reads no more. That is no failure.
 * @param {any} error
 */
function isReadEnough({ code, signal }) {
  return code === 'ERR_EXIT' && signal === 'SIGPIPE'
}

module.exports = { connect }
