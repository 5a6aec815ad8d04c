'use strict'

// Servers of 2026-07-28 ask for input in their results: the same request is sent again with the
// answers. Everything a server may ask for is bounded.

const { setTimeout: sleep } = require('node:timers/promises')
const { codedError } = require('../errors')
const { short } = require('./failure')
const { isObject } = require('../validate')

/** The requests that a server may answer with the wish for input. */
const MAY_ASK = new Set(['tools/call', 'prompts/get', 'resources/read'])
/** The rounds of one request, as in the official SDKs. */
const MAX_ROUNDS = 10
/** The questions of one round. */
const MAX_QUESTIONS = 32
/** The size of a state that is sent back, in bytes. */
const MAX_STATE = 1024 * 1024
/** The bounds of the pause before a round without questions, in ms. */
const PAUSES = [100, 5000]

/** @typedef {import('./handlers').Handlers} Handlers */

/**
 * Answers the questions in a result; resolves with the members of the next request's params, as
 * JSON text.
 * @param {string} method
 * @param {any} result - with a `resultType` other than `complete`
 * @param {number} round - of the request that has this result, from 0
 * @param {Handlers | undefined} handlers
 * @param {import('./handlers').Context} context
 * @returns {Promise<string>}
 * @throws `ERR_MCP`, `ERR_INPUT_REQUIRED`, `ERR_MAX_BUFFER` or `ERR_HANDLER`
 */
async function answersTo(method, result, round, handlers, context) {
  const { inputRequests, requestState } = checked(method, result)
  if (round >= MAX_ROUNDS)
    throw inputRequired(`the server still wants input after ${MAX_ROUNDS} rounds`)
  const questions = Object.entries(inputRequests ?? {})
  if (questions.length > MAX_QUESTIONS)
    throw inputRequired(
      `the server asks ${questions.length} questions at once, more than ${MAX_QUESTIONS}`,
    )
  const members = []
  if (questions.length > 0)
    members.push(`"inputResponses":${await responses(questions, handlers, context)}`)
  else {
    const pause = Math.min(PAUSES[0] * 2 ** round, PAUSES[1])
    await sleep(pause, undefined, { signal: context.signal })
  }
  if (requestState !== undefined) members.push(`"requestState":${JSON.stringify(requestState)}`)
  return members.join()
}

/**
 * Adds members to the text of a JSON object.
 * @param {string} params
 * @param {string} members
 */
function withMembers(params, members) {
  if (members === '') return params
  return params === '{}' || params === '' ? `{${members}}` : `${params.slice(0, -1)},${members}}`
}

/** @param {string} method @param {any} result */
function checked(method, result) {
  const { resultType, inputRequests, requestState } = result
  if (resultType !== 'input_required')
    throw malformed(`a result of an unknown type: ${JSON.stringify(resultType).slice(0, 100)}`)
  if (!MAY_ASK.has(method)) throw malformed(`the wish for input, which ${method} does not allow`)
  if (inputRequests === undefined && requestState === undefined)
    throw malformed('the wish for input, and neither inputRequests nor requestState')
  if (requestState !== undefined && typeof requestState !== 'string')
    throw malformed('a requestState that is no string')
  if (inputRequests !== undefined && !isObject(inputRequests))
    throw malformed('inputRequests that are no object')
  if (Buffer.byteLength(requestState ?? '') > MAX_STATE)
    throw codedError('ERR_MAX_BUFFER', `the server's requestState has more than ${MAX_STATE} bytes`)
  return { inputRequests, requestState }
}

/**
 * Asks the handlers all questions at once. The first failure withdraws the other questions.
 * @param {[string, any][]} questions
 * @param {Handlers | undefined} handlers
 * @param {import('./handlers').Context} context
 */
async function responses(questions, handlers, { server, signal }) {
  const missing = new Set()
  for (const [key, question] of questions) {
    if (!isObject(question) || typeof question.method !== 'string')
      throw malformed(`inputRequests['${short(key)}'] without a method`)
    const { method, params } = question
    if (handlers?.wanted(method, params).isGiven !== true) missing.add(short(method))
  }
  if (missing.size > 0) {
    const wanted = [...missing]
    throw inputRequired(
      `the server wants ${wanted.join(', ')}, and there is no handler for it (the option handlers)`,
      { wanted },
    )
  }
  const stop = new AbortController()
  // Node.js before 20.3 has no AbortSignal.any().
  signal.addEventListener('abort', () => stop.abort(), { once: true })
  const context = { server, signal: stop.signal }
  const all = questions.map(async ([key, { method, params }]) => {
    const result = await /** @type {Handlers} */ (handlers).call(method, params ?? {}, context)
    return `${JSON.stringify(key)}:${JSON.stringify(result)}`
  })
  try {
    return `{${(await Promise.all(all)).join()}}`
  } finally {
    stop.abort()
  }
}

/** @param {string} message @param {Record<string, unknown>} [details] */
function inputRequired(message, details) {
  return codedError('ERR_INPUT_REQUIRED', message, details)
}

/** @param {string} what */
function malformed(what) {
  return codedError('ERR_MCP', `the server answered with ${what}`)
}

module.exports = { answersTo, withMembers }
