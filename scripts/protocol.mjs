// Writes lib/mcp/protocol.d.ts, the types of the protocol's shapes, from the schema of the
// specification: `node scripts/protocol.mjs`. With `--check` it only tells whether the file is
// current. With `--update FILE` it first takes over a newer schema.json of the specification.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { typesOf } from './protocol/types.mjs'
import { root } from './steps.mjs'

/** The version whose schema is kept. */
const VERSION = '2026-07-28'
const schemaFile = join(root, 'scripts', 'protocol', `${VERSION}.json`)
const typesFile = join(root, 'lib', 'mcp', 'protocol.d.ts')

const [option, file] = process.argv.slice(2)
if (option === '--update') {
  const { $defs } = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(schemaFile, `${JSON.stringify(shapesOnly($defs))}\n`)
}
const types = typesOf(JSON.parse(readFileSync(schemaFile, 'utf8')), VERSION)
if (option !== '--check') writeFileSync(typesFile, types)
else if (readFileSync(typesFile, 'utf8') !== types) {
  console.error('lib/mcp/protocol.d.ts is not current: run `node scripts/protocol.mjs`')
  process.exitCode = 1
}

/**
 * Leaves out all text for people: only the shapes are kept.
 * @param {any} schema
 * @param {boolean} [isNamed] - true where the keys are names of properties or types
 * @returns {any}
 */
function shapesOnly(schema, isNamed = true) {
  if (Array.isArray(schema)) return schema.map((entry) => shapesOnly(entry, false))
  if (typeof schema !== 'object' || schema === null) return schema
  const kept = Object.entries(schema).filter(([key]) => isNamed || key !== 'description')
  return Object.fromEntries(
    kept.map(([key, value]) => [key, shapesOnly(value, !isNamed && key === 'properties')]),
  )
}
