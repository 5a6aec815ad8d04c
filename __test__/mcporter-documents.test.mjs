import assert from 'node:assert/strict'
import { test } from 'node:test'
import documentsModule from '../lib/mcporter/documents.js'

const values = (text) => documentsModule.documents(text).map(({ value }) => value)
const pretty = (value) => JSON.stringify(value, null, 2)

const nested = { a: [1, { b: '}\n{' }], c: {}, d: [] }

for (const [name, text, expected] of [
  ['nothing', '', []],
  ['one document', pretty(nested), [nested]],
  ['one document and a line end', `${pretty(nested)}\n`, [nested]],
  ['between other lines', `one\n${pretty(nested)}\ntwo { three }\n`, [nested]],
  ['two documents', `x\n${pretty([1, 2])}\n${pretty(nested)}\n`, [[1, 2], nested]],
  [
    'single-line values',
    'x\n"a \\"b\\""\n-1.5e3\ntrue\nnull\n{}\n[]\n',
    ['a "b"', -1500, true, null, {}, []],
  ],
  ['a log of JSON lines is none of it', `{"level":30}\n["x"]\n${pretty(nested)}\n`, [nested]],
  ['a start without an end', `{\n${pretty([1])}\n`, [[1]]],
  ['an end that is none', `{\nnot json\n}\n${pretty([1])}\n`, [[1]]],
  ['names of Object.prototype', `constructor\n__proto__\n${pretty([1])}`, [[1]]],
  ['cut off', pretty(nested).slice(0, -2), []],
]) {
  test(name, () => assert.deepEqual(values(text), expected))
}

test('a flood of lines that look like starts is not searched to the end each time', () => {
  assert.deepEqual(values(`${'{\n'.repeat(1_000_000)}}\n${pretty([1])}`), [])
})
