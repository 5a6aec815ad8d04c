'use strict'

// The kinds of requests besides calls of tools. The methods of `McpPool` and of helpers, their
// checks, pages, metrics and errors derive from this table.

const validate = require('../validate')
const { objectAnswer, objectsIn, kindOf, wrongAnswer } = require('./answers')
const {
  completionArgument,
  completionContext,
  logLevel,
  promptArguments,
  reference,
  text,
} = require('./request-arguments')
const { serverInfo } = require('./server-info')

/**
 * @typedef {object} Kind
 * @property {string} method - also the kind's name in metrics, events and errors
 * @property {Record<string, (name: string, value: unknown) => any>} params
 *   - checks of the positional arguments, in their order
 * @property {Record<string, (name: string, value: unknown) => any>} [options]
 *   - checks of the parameters that are given as options
 * @property {string} [pages] - the member of the result whose pages are joined
 * @property {(method: string, result: any) => void} [check] - throws for a result of another shape
 * @property {(result: any) => any} [view] - the caller's value of a result
 */

/** @satisfies {Record<string, Kind>} */
const REQUESTS = {
  listResources: { method: 'resources/list', params: {}, pages: 'resources' },
  listResourceTemplates: {
    method: 'resources/templates/list',
    params: {},
    pages: 'resourceTemplates',
  },
  readResource: { method: 'resources/read', params: { uri: text }, check: has('contents') },
  listPrompts: { method: 'prompts/list', params: {}, pages: 'prompts' },
  getPrompt: {
    method: 'prompts/get',
    params: { name: text, arguments: promptArguments },
    check: has('messages'),
  },
  complete: {
    method: 'completion/complete',
    params: { ref: reference, argument: completionArgument },
    options: { context: completionContext },
    check: isCompletion,
  },
  /** Belongs to the extension io.modelcontextprotocol/skills. */
  listSkills: { method: 'skills/list', params: {}, pages: 'skills' },
  setLogLevel: { method: 'logging/setLevel', params: { level: logLevel }, view: () => undefined },
  /** Answered from the handshake, so that the server is not asked. */
  getServerInfo: { method: 'initialize', params: {}, view: serverInfo },
}

/** The listing of tools, which has methods and a name of its own. */
const LIST_TOOLS = { method: 'tools/list', params: {}, pages: 'tools' }

/**
 * Checks the arguments of a request.
 * @param {Kind} kind
 * @param {unknown[]} given - the arguments after the server
 * @returns {{ params: Record<string, unknown>, options: Record<string, unknown> }} `options` are
 *   those of the call, unchecked
 */
function requestParams({ params, options: own = {} }, given) {
  const checks = Object.entries(params)
  const values = checks.map(([name, check], at) => [name, check(name, given[at])])
  const options = { ...validate.options('options', given[checks.length]) }
  for (const [name, check] of Object.entries(own)) {
    if (options[name] !== undefined) values.push([name, check(name, options[name])])
    delete options[name]
  }
  // JSON leaves out what is undefined.
  return { params: Object.fromEntries(values), options }
}

/** @param {string} member - a list of objects */
function has(member) {
  return (/** @type {string} */ method, /** @type {any} */ result) => {
    objectsIn(method, member, objectAnswer(method, result)[member])
  }
}

/** @param {string} method @param {any} result */
function isCompletion(method, result) {
  const { completion } = objectAnswer(method, result)
  if (!validate.isObject(completion))
    throw wrongAnswer(method, `has ${kindOf(completion)} as completion, not an object`)
  const { values } = completion
  if (!Array.isArray(values) || values.some((value) => typeof value !== 'string'))
    throw wrongAnswer(method, 'has completion.values that are not an array of strings')
}

/** The name of a subscription in metrics, events and errors. */
const SUBSCRIBE = 'resources/subscribe'

/**
 * Returns the request that makes a subscription, which stays until it is left.
 * @param {string} uri
 * @param {boolean} hasHandshake
 */
function subscription(uri, hasHandshake) {
  return hasHandshake
    ? { method: SUBSCRIBE, params: { uri }, leave: 'resources/unsubscribe' }
    : {
        method: 'subscriptions/listen',
        params: { notifications: { resourceSubscriptions: [uri] } },
      }
}

module.exports = { LIST_TOOLS, REQUESTS, SUBSCRIBE, requestParams, subscription }
