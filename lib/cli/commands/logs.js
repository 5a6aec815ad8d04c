'use strict'

// The latest failed calls of a server, the newest last.

const { EXIT } = require('../failure')
const { json, strange } = require('../server')
const { counted, duration, plain, wrapped } = require('../text')
const { theServer } = require('../which-server')

/** @typedef {import('../../health').FailedCall} FailedCall */

const INDENT = 10

/** @type {import('../main').Run} */
async function run(request, output) {
  const server = await theServer(request, output)
  const answer = await json(server, '/failures')
  if (!isAnswer(answer)) throw strange(server)
  const failures = answer.failures.slice(0, request.count).reverse().map(failureOf)
  output.document('logs', { url: server.url, failures })
  output.lines(failures.flatMap((failure) => linesOf(failure, output)))
  output.lines([summary(failures, answer.failures.length)])
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

/** @param {any} answer @returns {answer is import('../../health').RecentFailures} */
function isAnswer(answer) {
  return Array.isArray(answer?.failures) && answer.failures.every(isFailure)
}

/** @param {any} failure */
function isFailure(failure) {
  const { time, server, tool, code, message } = failure ?? {}
  return (
    Number.isSafeInteger(time) &&
    Math.abs(time) <= 8.64e15 - 86_400_000 &&
    [server, tool, code].every((text) => typeof text === 'string') &&
    (message === undefined || typeof message === 'string')
  )
}

module.exports = { run }
