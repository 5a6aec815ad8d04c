// The tables of variables in docs/configuration.md, derived from lib/config.js: the meaning is the
// tag `@variable` of the function that reads the variable, the default is what that function
// returns without it.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import ts from 'typescript'
import { root } from '../steps.mjs'
import { tableOf } from './table.mjs'

const file = join(root, 'lib', 'config.js')
const OWN = /^(MCP_|MCPORTER_|PROCWARD_|CLEANUP_|PROCESS_|NAPI_)/

/**
 * @typedef {object} Variable
 * @property {string} name
 * @property {string} fallback - as Markdown; empty for none
 * @property {string} meaning
 */

/**
 * Returns all variables, procward's own first.
 * @returns {{ own: Variable[], others: Variable[] }}
 */
export function variables() {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
  const found = source.statements.filter(ts.isFunctionDeclaration).flatMap(variablesOf)
  return {
    own: found.filter(({ name }) => OWN.test(name)),
    others: found.filter(({ name }) => !OWN.test(name)),
  }
}

/** Returns the sections of docs/configuration.md by their names. */
export function configurationTables() {
  const { own, others } = variables()
  return {
    variables: tableOf(
      ['variable', 'default', 'meaning'],
      own.map(({ name, fallback, meaning }) => [`\`${name}\``, fallback, meaning]),
    ),
    'other-variables': tableOf(
      ['variable', 'meaning'],
      others.map(({ name, meaning }) => [`\`${name}\``, meaning]),
    ),
  }
}

/** @param {ts.FunctionDeclaration} reader @returns {Variable[]} */
function variablesOf(reader) {
  const tags = ts.getJSDocTags(reader)
  if (tags.some((tag) => tag.tagName.text === 'internal')) return []
  const told = tags.filter((tag) => tag.tagName.text === 'variable').map(variableOf)
  const names = told.map(({ name }) => name)
  const read = new Set(namesIn(reader))
  const differ = names.filter((name) => !read.has(name)).concat([...read].filter(isUntold(names)))
  if (differ.length > 0)
    throw new Error(`${reader.name?.text} in lib/config.js: @variable differs: ${differ}`)
  const fallback = told.length === 1 ? fallbackOf(reader, names[0]) : ''
  return told.map((variable) => ({ ...variable, fallback }))
}

/** Reads `@variable NAME MEANING`. @param {ts.JSDocTag} tag */
function variableOf(tag) {
  const [name, ...words] = (ts.getTextOfJSDocComment(tag.comment) ?? '').trim().split(/\s+/)
  return { name, meaning: words.join(' ') }
}

/**
 * Returns a test for variables without a meaning. A spelling in small letters goes with its
 * capitals.
 * @param {string[]} told
 */
function isUntold(told) {
  return (/** @type {string} */ name) => !told.includes(name) && !told.includes(name.toUpperCase())
}

/**
 * Names the variables that a part of the program reads.
 * @param {ts.Node} node
 * @returns {string[]}
 */
function namesIn(node) {
  const below = []
  ts.forEachChild(node, (child) => void below.push(...namesIn(child)))
  if (ts.isPropertyAccessExpression(node) && isEnvironment(node.expression))
    return [node.name.text, ...below]
  if (ts.isCallExpression(node) && node.expression.getText() === 'numberFrom')
    return [/** @type {ts.StringLiteral} */ (node.arguments[0]).text, ...below]
  if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name))
    if (node.initializer !== undefined && isEnvironment(node.initializer))
      return node.name.elements
        .filter((element) => element.dotDotDotToken === undefined)
        .map((element) => (element.propertyName ?? element.name).getText())
  return below
}

/** @param {ts.Node} node */
function isEnvironment(node) {
  return ['process.env', 'env'].includes(node.getText())
}

/**
 * Returns what a reader returns without its variable.
 * @param {ts.FunctionDeclaration} reader
 * @param {string} name
 */
function fallbackOf(reader, name) {
  const before = process.env[name]
  delete process.env[name]
  try {
    const value = createRequire(import.meta.url)(file)[String(reader.name?.text)]()
    return ['number', 'string'].includes(typeof value) ? `\`${value}\`` : ''
  } finally {
    if (before !== undefined) process.env[name] = before
  }
}
