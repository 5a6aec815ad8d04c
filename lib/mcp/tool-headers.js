'use strict'

// The arguments that a tool wants in HTTP headers too: parameters that are marked with
// `x-mcp-header` in its input schema. Pure.

const { short } = require('./failure')
const { isObject } = require('../validate')

const MARK = 'x-mcp-header'
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/
/** The bounds of a tool's marks, because each mark keeps its parameter's whole path. */
const MAX_MARKS = 64
const MAX_DEPTH = 32
const TYPES = ['string', 'integer', 'boolean']
/** The keywords with one schema, or an array of schemas. */
const INNER = [
  'additionalItems',
  'additionalProperties',
  'allOf',
  'anyOf',
  'contains',
  'contentSchema',
  'else',
  'if',
  'items',
  'not',
  'oneOf',
  'prefixItems',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
]
/** The keywords with schemas by name. */
const NAMED = ['$defs', 'definitions', 'dependencies', 'dependentSchemas', 'patternProperties']

/**
 * @typedef {{ name: string, path: string[] }} Mark - a header, and the place of its parameter
 * @typedef {Map<string, Mark[] | string>} ToolHeaders
 *   - by tool: the marks, or why the tool cannot be used
 */

/**
 * Reads the marks of all tools. A tool without marks has an empty list.
 * @param {any[]} tools
 * @returns {ToolHeaders}
 */
function toolHeaders(tools) {
  return new Map(tools.map(({ name, inputSchema }) => [name, marksOf(inputSchema)]))
}

/**
 * Reads the marks of a schema, whose depth is not bounded.
 * @param {unknown} schema
 * @returns {Mark[] | string} the marks, or what is wrong with one of them
 */
function marksOf(schema) {
  /** @type {Map<string, Mark>} */
  const marks = new Map()
  /** @type {{ node: unknown, path?: Path }[]} */
  const left = [{ node: schema, path: ROOT }]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { node, path } = next
    if (!isObject(node)) continue
    if (Object.hasOwn(node, MARK)) {
      const problem = problemOf(node, path)
      if (problem !== undefined) return problem
      const name = node[MARK]
      if (marks.has(name.toLowerCase())) return `'${short(name)}' marks two parameters`
      if (marks.size === MAX_MARKS) return `it has more than ${MAX_MARKS} marks`
      marks.set(name.toLowerCase(), { name, path: steps(/** @type {Path} */ (path)) })
    }
    for (const [key, child] of entries(node.properties))
      left.push({ node: child, path: path && { key, parent: path, depth: path.depth + 1 } })
    for (const keyword of NAMED)
      for (const [, child] of entries(node[keyword])) left.push({ node: child })
    for (const keyword of INNER) {
      const inner = node[keyword]
      for (const child of Array.isArray(inner) ? inner : [inner]) left.push({ node: child })
    }
  }
  return [...marks.values()]
}

/**
 * Returns names and values of the headers for these arguments, one after the other.
 * @param {Mark[]} marks
 * @param {unknown} args
 * @returns {string[]}
 */
function headersOf(marks, args) {
  return marks.flatMap(({ name, path }) => {
    let value = args
    for (const step of path) {
      if (!isObject(value) || !Object.hasOwn(value, step)) return []
      value = value[step]
    }
    return ['string', 'number', 'boolean'].includes(typeof value) ? [name, String(value)] : []
  })
}

/**
 * A place below the schema's root, reached by `properties` alone. Linked to its parent, because
 * deep schemas would make long lists of each place.
 * @typedef {{ key?: string, parent?: Path, depth: number }} Path
 */
/** @type {Path} */
const ROOT = { depth: 0 }

/** @param {Path} path */
function steps(path) {
  /** @type {string[]} */
  const all = []
  for (let at = path; at.parent !== undefined; at = at.parent) all.push(String(at.key))
  return all.reverse()
}

/** @param {Record<string, any>} node @param {Path | undefined} path */
function problemOf(node, path) {
  const name = node[MARK]
  if (typeof name !== 'string' || !TOKEN.test(name)) return 'it has a mark that names no header'
  if (path === undefined || path === ROOT) return `'${short(name)}' marks no parameter of its own`
  if (path.depth > MAX_DEPTH) return `'${short(name)}' marks a parameter below ${MAX_DEPTH} others`
  if (!TYPES.includes(node.type))
    return `'${short(name)}' marks a parameter that is no string, integer or boolean`
  return undefined
}

/** @param {unknown} value */
function entries(value) {
  return isObject(value) ? Object.entries(value) : []
}

module.exports = { headersOf, toolHeaders }
