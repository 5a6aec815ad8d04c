// The documents agree with the code, and their links lead somewhere.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { variables } from '../scripts/docs/configuration.mjs'
import { codesInDocument, codesInSources } from '../scripts/docs/error-codes.mjs'
import { brokenLinks } from '../scripts/docs/links.mjs'
import { root } from '../scripts/steps.mjs'

const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
const documents = files.filter((file) => /^(README|docs\/.*|CHANGELOG)\.md$/.test(file))
const declarations = files.filter((file) => /^(index|lib\/.*)\.d\.ts$/.test(file))
const read = (/** @type {string} */ file) => readFileSync(join(root, file), 'utf8')

describe('docs/errors.md', () => {
  test('has each code that the code has, and no other', () => {
    assert.deepEqual(codesInDocument(), codesInSources(files))
  })

  test('has each code that a declaration names', () => {
    const named = declarations.flatMap((file) => read(file).match(/\bERR_[A-Z_]+\b/g) ?? [])
    assert.ok(named.length > 50)
    const known = read('docs/errors.md')
    assert.deepEqual(
      [...new Set(named)].filter((code) => !known.includes(`\`${code}\``)),
      [],
    )
  })
})

describe('docs/configuration.md', () => {
  test('has each variable that another document names', () => {
    const { own, others } = variables()
    const known = new Set([...own, ...others].map(({ name }) => name))
    const named = documents.flatMap(
      (file) => read(file).match(/\b(MCP|MCPORTER|PROCWARD|CLEANUP|PROCESS)_[A-Z_]+\b/g) ?? [],
    )
    assert.ok(named.length > 30)
    assert.deepEqual([...new Set(named)].filter((name) => !known.has(name)).sort(), OF_OTHERS)
  })
})

/** Codes of warnings, variables that procward sets in children, and one that mcporter reads. */
const OF_OTHERS = [
  ...['MCPORTER_CONFIG', 'PROCWARD_FENCE', 'PROCWARD_FLEET_LIMITS', 'PROCWARD_HANDLER'],
  ...['PROCWARD_REGISTERED', 'PROCWARD_TAG', 'PROCWARD_TOOL_HEADERS'],
]

describe('links', () => {
  for (const file of documents)
    test(`of ${file} lead to a file of the package, and to a heading in it`, () => {
      const { files: packed } = JSON.parse(read('package.json'))
      const isPacked = (/** @type {string} */ target) =>
        ['README.md', 'LICENSE', ...packed].some(
          (name) => target === name || target.startsWith(`${name}/`),
        )
      const exists = (/** @type {string} */ target) =>
        existsSync(join(root, target)) && isPacked(target)
      assert.deepEqual(brokenLinks(read(file), dirname(file), exists, read), [])
    })

  test('a dead file, a dead heading and a missing picture are found', () => {
    const text = '[a](b.md) [c](d.md#no) [e](d.md#one-two) ![f](g.svg) [h](#here)\n\n# Here\n'
    const broken = brokenLinks(
      text,
      '.',
      (file) => file === 'd.md',
      () => '# One, two\n',
    )
    assert.deepEqual(broken, ['b.md', 'd.md#no', 'g.svg'])
  })
})
