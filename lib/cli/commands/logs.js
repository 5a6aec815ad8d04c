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
  output.lines(failures.flatMap((failure) => linesOf(failure, output)))
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

/** @param {Failure} failure @param {import('../output').Output} output */
function linesOf({ time, server, tool, code, duration: ms, message }, output) {
  const { columns } = output.room
  const head = `${moment(time)}  ${plain(server)} ${plain(tool)}  ${plain(code)} after ${duration(ms)}`
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
