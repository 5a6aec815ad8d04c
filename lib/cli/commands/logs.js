'use strict'

// The latest failed calls of a server, the newest last.

const { EXIT } = require('../failure')
const { recentFailures } = require('../failures')
const { counted, duration, plain, wrapped } = require('../text')
const { theServer } = require('../which-server')

/** @typedef {import('../../health').FailedCall} FailedCall */

const INDENT = 10

/** @type {import('../main').Run} */
async function run(request, output) {
  const server = await theServer(request, output)
  const kept = await recentFailures(server)
  const failures = kept.slice(0, request.count).reverse().map(failureOf)
  output.document('logs', { url: server.url, failures })
  output.lines(runsOfEqual(failures).flatMap((equal) => linesOf(equal, output)))
  output.lines([summary(failures, kept.length)])
  if (failures.some(({ message }) => message === null))
    output.warn('the server shows reasons only with a token, or on its own machine')
  return EXIT.ok
}

/** Copies the known fields. @param {FailedCall} failure */
function failureOf({ time, server, tool, code, duration, message }) {
  return { time, server, tool, code, duration, message: message ?? null }
}

/** @typedef {ReturnType<typeof failureOf>} Failure */

/**
 * Groups failures that follow each other and differ in nothing but their times.
 * @param {Failure[]} failures
 * @returns {Failure[][]}
 */
function runsOfEqual(failures) {
  /** @type {Failure[][]} */
  const runs = []
  for (const failure of failures) {
    const before = runs.at(-1)
    if (before && isEqual(before[0], failure)) before.push(failure)
    else runs.push([failure])
  }
  return runs
}

/** @param {Failure} one @param {Failure} other */
function isEqual(one, other) {
  const fields = /** @type {const} */ (['server', 'tool', 'code', 'message'])
  return fields.every((field) => one[field] === other[field])
}

/** @param {Failure[]} equal the newest last @param {import('../output').Output} output */
function linesOf(equal, output) {
  const { columns } = output.room
  const { time, server, tool, code, duration: ms, message } = equal[equal.length - 1]
  const often = equal.length === 1 ? '' : `, ${equal.length} times since ${moment(equal[0].time)}`
  const failed = `${plain(code)} after ${duration(ms)}${often}`
  const head = `${moment(time)}  ${plain(server)} ${plain(tool)}  ${failed}`
  const reason = message ? wrapped(' '.repeat(INDENT) + plain(message, 1000), columns, INDENT) : []
  return [...wrapped(head, columns, INDENT).map((line) => output.style('bold', line)), ...reason]
}

/** @param {Failure[]} failures @param {number} kept */
function summary(failures, kept) {
  if (failures.length === 0) return 'no failed calls'
  const shown = counted(failures.length, 'failed call')
  return failures.length === kept ? shown : `${shown} of ${kept}`
}

/** Returns a local date and time such as `2026-02-13 20:30:00`. @param {number} time - epoch ms */
function moment(time) {
  const date = new Date(time)
  const local = new Date(time - date.getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 19).replace('T', ' ')
}

module.exports = { run }
