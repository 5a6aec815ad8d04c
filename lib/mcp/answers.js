'use strict'

// Checks the shapes of answers: what a caller may rely on, and no more, because servers add fields.

const { codedError } = require('../errors')
const { isObject } = require('../validate')

/**
 * Returns a list of objects in an answer.
 * @param {string} method
 * @param {string} member
 * @param {unknown} list
 * @returns {any[]}
 * @throws `ERR_MCP`
 */
function objectsIn(method, member, list) {
  if (!Array.isArray(list))
    throw wrongAnswer(method, `has ${kindOf(list)} as ${member}, not an array`)
  const wrong = list.findIndex((entry) => !isObject(entry))
  if (wrong !== -1) {
    const problem = `has ${kindOf(list[wrong])} as ${member}[${wrong}], not an object`
    throw wrongAnswer(method, problem)
  }
  return list
}

/**
 * Returns an answer that is an object.
 * @param {string} method
 * @param {unknown} answer
 * @returns {Record<string, any>}
 * @throws `ERR_MCP`
 */
function objectAnswer(method, answer) {
  if (isObject(answer)) return answer
  throw wrongAnswer(method, `is ${kindOf(answer)}, not an object`)
}

/** Parses an answer. @param {string} text @throws `ERR_MCP` */
function parsed(text) {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw codedError('ERR_MCP', "the server's answer cannot be read as JSON", { cause })
  }
}

/** @param {unknown} value */
function kindOf(value) {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
}

/** @param {string} method @param {string} problem */
function wrongAnswer(method, problem) {
  return codedError('ERR_MCP', `the server's answer to ${method} ${problem}`)
}

module.exports = { kindOf, objectAnswer, objectsIn, parsed, wrongAnswer }
