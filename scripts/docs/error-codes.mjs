// The error codes of the program and those of docs/errors.md.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../steps.mjs'

const SOURCES = /^(index\.js|lib\/.*\.js|src\/.*\.rs)$/
const TESTS = /(^|[/_])tests?(\/|\.rs$)/
/** A string, not a part of a comment, and not Node.js's own. */
const CODE = /(["'])(ERR_[A-Z_]+)\1/g
const OF_NODE = new Set(['ERR_STRING_TOO_LONG'])

/** Returns the codes that the sources have. @param {string[]} files of the project */
export function codesInSources(files) {
  const sources = files.filter((file) => SOURCES.test(file) && !TESTS.test(file))
  const texts = sources.map((file) => readFileSync(join(root, file), 'utf8'))
  return sorted(texts.flatMap((text) => [...text.matchAll(CODE)].map(([, , code]) => code)))
}

/** Returns the codes with a row in docs/errors.md. */
export function codesInDocument() {
  const text = readFileSync(join(root, 'docs', 'errors.md'), 'utf8')
  return sorted([...text.matchAll(/^\| `(ERR_[A-Z_]+)`/gm)].map(([, code]) => code))
}

/** @param {string[]} codes */
function sorted(codes) {
  return [...new Set(codes)].filter((code) => !OF_NODE.has(code)).sort()
}
