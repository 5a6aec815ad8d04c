'use strict'

// The properties of a tool's arguments as the options of a command line, as mcporter lists them.

const TYPES = ['string', 'number', 'boolean', 'array', 'object']
const ITEM_TYPES = ['string', 'number', 'boolean']

/**
 * The shape and an example of a type's values, where no enumeration or format says more.
 * @type {Record<string, { shape: string, example: string }>}
 */
const BY_TYPE = {
  number: { shape: 'number', example: '1' },
  boolean: { shape: 'true|false', example: 'true' },
  array: { shape: 'value1,value2', example: 'value1,value2' },
  object: { shape: 'json', example: '{"key":"value"}' },
}

/** @typedef {Record<string, any>} Schema */

/** @param {unknown} schema - of all arguments */
function optionsOf(schema) {
  const { type, properties, required } = record(schema)
  if (type !== 'object' || typeof properties !== 'object' || properties === null) return []
  const needed = Array.isArray(required) ? required : []
  return Object.entries(properties).map(([property, described]) =>
    option(property, record(described), needed),
  )
}

/** @param {string} property @param {Schema} schema @param {unknown[]} required */
function option(property, schema, required) {
  const type = typeOf(schema.type, TYPES)
  const format = formatOf(schema)
  const enumValues = enumOf(schema)
  const cliName = property
    .replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    .replaceAll('_', '-')
  const shape = enumValues?.join('|') ?? BY_TYPE[type]?.shape ?? format
  return {
    property,
    cliName,
    description: typeof schema.description === 'string' ? schema.description : undefined,
    required: required.includes(property),
    type,
    arrayItemType: type === 'array' ? itemType(schema) : undefined,
    placeholder: shape === undefined ? `<${cliName}>` : `<${cliName}:${shape}>`,
    exampleValue: enumValues?.[0] ?? example(property, type, schema.default),
    enumValues,
    defaultValue: schema.default,
    formatHint: format && displayed(format),
  }
}

/** @param {unknown} type @param {string[]} known */
function typeOf(type, known) {
  const all = (Array.isArray(type) ? type : [type]).map((each) =>
    each === 'integer' ? 'number' : each,
  )
  return all.find((each) => known.includes(each)) ?? 'unknown'
}

/** @param {Schema} schema */
function itemType({ type, items }) {
  return type === 'array' ? typeOf(record(items).type, ITEM_TYPES) : 'unknown'
}

/** @param {Schema} schema @returns {string[] | undefined} */
function enumOf(schema) {
  const own = Array.isArray(schema.enum)
  const all = own ? schema.enum : schema.type === 'array' ? record(schema.items).enum : undefined
  const texts = Array.isArray(all) ? all.filter((each) => typeof each === 'string') : []
  return texts.length === 0 ? undefined : texts
}

/** @param {string} property @param {string} type @param {unknown} standard */
function example(property, type, standard) {
  if (standard !== undefined)
    return typeof standard === 'string' ? standard : JSON.stringify(standard)
  const known = BY_TYPE[type]?.example
  if (known !== undefined) return known
  if (/path/i.test(property)) return '/path/to/file.md'
  return /id/i.test(property) ? 'example-id' : undefined
}

/** @param {Schema} schema @returns {string | undefined} */
function formatOf({ format, description }) {
  if (typeof format === 'string' && format !== '') return format
  const isIso =
    typeof description === 'string' && /\biso[-\s]*8601\b|\biso\s+format\b/i.test(description)
  return isIso && typeof format !== 'string' ? 'iso-8601' : undefined
}

/** @param {string} format */
function displayed(format) {
  if (format === 'date-time' || format === 'iso-8601') return 'ISO 8601'
  if (format === 'uuid') return 'UUID'
  return format.replace(/[_-]/g, ' ').replace(/\b\w/g, (letter) => letter.toUpperCase())
}

/** @param {unknown} value @returns {Schema} */
function record(value) {
  return typeof value === 'object' && value !== null ? value : {}
}

module.exports = { optionsOf }
