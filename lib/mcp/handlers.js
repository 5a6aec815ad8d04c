'use strict'

// The host's handlers for requests of servers: elicitation, sampling and roots. Here they are
// checked, announced and called, and their results are checked.

const { AsyncResource } = require('node:async_hooks')
const { codedError } = require('../errors')
const validate = require('../validate')
const { short } = require('./failure')

/**
 * @typedef {(params: any, context: { server: string, signal: AbortSignal }) => unknown} Handler
 * @typedef {{ server: string, signal: AbortSignal }} Context
 */

/** The requests that handlers answer, by method. */
const METHODS = /** @type {const} */ ({
  'elicitation/create': {
    kind: 'elicitation',
    expected: "an object with action 'accept', 'decline' or 'cancel'",
    isResult: (/** @type {any} */ { action, content }) =>
      ['accept', 'decline', 'cancel'].includes(action) &&
      (content === undefined || validate.isObject(content)),
  },
  'sampling/createMessage': {
    kind: 'sampling',
    expected: 'an object with role, content and model',
    isResult: (/** @type {any} */ { role, content, model }) =>
      typeof role === 'string' &&
      typeof content === 'object' &&
      content !== null &&
      typeof model === 'string',
  },
  'roots/list': {
    kind: 'roots',
    expected: 'an object with roots, an array of objects with a uri',
    isResult: (/** @type {any} */ { roots }) =>
      Array.isArray(roots) && roots.every((root) => typeof root?.uri === 'string'),
  },
})

/** @typedef {keyof typeof METHODS} Method */

class Handlers {
  /** @type {Map<string, Handler>} */
  #handlers = new Map()

  /** @param {unknown} given @throws `ERR_INVALID_CONFIG` */
  constructor(given) {
    const { elicitation, sampling, roots } = validate.options('handlers', given, [
      'elicitation',
      'sampling',
      'roots',
    ])
    for (const [mode, handler] of Object.entries(elicitationModes(elicitation)))
      this.#add(`elicitation.${mode}`, handler)
    this.#add('sampling', sampling)
    // A request for roots has no params of interest.
    if (roots !== undefined) {
      const handler = bound('handlers.roots', roots)
      this.#handlers.set('roots', (_, context) => handler(context))
    }
  }

  /** The capabilities to announce, as JSON text. */
  get capabilities() {
    const modes = ['form', 'url'].filter((mode) => this.#handlers.has(`elicitation.${mode}`))
    return JSON.stringify({
      ...(modes.length > 0 && {
        elicitation: Object.fromEntries(modes.map((mode) => [mode, {}])),
      }),
      ...(this.#handlers.has('sampling') && { sampling: {} }),
      ...(this.#handlers.has('roots') && { roots: {} }),
    })
  }

  /** The methods that are answered. */
  get methods() {
    return Object.entries(METHODS)
      .filter(([, { kind }]) => [...this.#handlers.keys()].some((key) => key.startsWith(kind)))
      .map(([method]) => method)
  }

  /** The options of servers that these handlers make. */
  get announced() {
    return { capabilities: this.capabilities, answered: this.methods }
  }

  /**
   * Returns the kind of handler that a request wants, and whether that handler is given.
   * @param {unknown} method
   * @param {any} params
   */
  wanted(method, params) {
    const known = typeof method === 'string' && Object.hasOwn(METHODS, method)
    if (!known) return { kind: undefined, isGiven: false }
    const { kind } = METHODS[/** @type {Method} */ (method)]
    return { kind, isGiven: this.#handlers.has(keyOf(kind, params)) }
  }

  /**
   * Calls the handler of a request; resolves with its checked result.
   * @param {Method} method
   * @param {any} params
   * @param {Context} context
   * @returns {Promise<any>}
   * @throws `ERR_HANDLER`
   */
  async call(method, params, context) {
    const { kind, expected, isResult } = METHODS[method]
    const handler = /** @type {Handler} */ (this.#handlers.get(keyOf(kind, params)))
    let result
    try {
      result = await handler(params, context)
    } catch (cause) {
      const words = cause instanceof Error ? cause.message : String(cause)
      throw handlerError(kind, `failed: ${words}`, cause)
    }
    if (validate.isObject(result) && isResult(result) && isJson(result)) return result
    throw handlerError(kind, `must return ${expected}, and returned ${described(result)}`)
  }

  /** @param {string} key @param {unknown} handler */
  #add(key, handler) {
    if (handler !== undefined) this.#handlers.set(key, bound(`handlers.${key}`, handler))
  }
}

/** A function is a handler for forms. @param {unknown} given */
function elicitationModes(given) {
  if (given === undefined) return {}
  if (typeof given === 'function') return { form: given }
  return validate.options('handlers.elicitation', given, ['form', 'url'])
}

/** @param {string} name @param {unknown} handler */
function bound(name, handler) {
  if (typeof handler !== 'function') throw validate.invalidConfig(name, 'a function', handler)
  return AsyncResource.bind(/** @type {(...args: any[]) => unknown} */ (handler))
}

/** @param {string} kind @param {any} params */
function keyOf(kind, params) {
  if (kind !== 'elicitation') return kind
  return params?.mode === 'url' ? 'elicitation.url' : 'elicitation.form'
}

/** @param {string} kind @param {string} problem @param {unknown} [cause] */
function handlerError(kind, problem, cause) {
  return codedError('ERR_HANDLER', `the ${kind} handler ${problem}`, { kind, cause })
}

/** Describes a value without showing any part of it that may be private. @param {unknown} value */
function described(value) {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object') return value === undefined ? 'nothing' : `a ${typeof value}`
  const keys = Object.keys(value).slice(0, 10)
  return `one with ${keys.length === 0 ? 'no keys' : `the keys ${keys.map((key) => short(key)).join(', ')}`}`
}

/** @param {unknown} value */
function isJson(value) {
  try {
    return JSON.stringify(value)?.startsWith('{') === true
  } catch {
    return false
  }
}

module.exports = { Handlers }
