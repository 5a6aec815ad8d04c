// How long a server asked to be left alone: read from what it answered.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import retryAfter from '../lib/mcp/retry-after.js'

const { retryAfterInRefusal, retryAfterInResult, retryAfterOf } = retryAfter
const HOUR = 3_600_000
/** 06 Nov 1994 08:49:37 GMT. */
const RECEIVED = 784_111_777_000
const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'
const IN_TEN = 'Sun, 06 Nov 1994 08:49:47 GMT'

const WRONG = ['', ' ', 'soon', '-1', '+5', '0', '1e3', '0x10', '5s', '1,5', 'NaN', 'Infinity', '٣']

describe('the headers of a refusal', () => {
  for (const [headers, expected] of [
    [{ after: '5' }, 5000],
    [{ after: ' 1.5 ' }, 1500],
    [{ after: '0.0001' }, 1],
    [{ after: '3600' }, HOUR],
    [{ after: '3601' }, HOUR],
    [{ after: '9'.repeat(400) }, HOUR],
    [{ afterMs: '250' }, 250],
    [{ afterMs: '250', after: '1' }, 250],
    [{ afterMs: 'soon', after: '1' }, 1000],
    [{ afterMs: 'soon', after: IN_TEN }, 10_000],
    ...WRONG.flatMap((wrong) => [
      [{ after: wrong }, undefined],
      [{ afterMs: wrong }, undefined],
    ]),
    // The three forms of a date, by the local clock.
    [{ after: IN_TEN }, 10_000],
    [{ after: 'Sunday, 06-Nov-94 08:49:47 GMT' }, 10_000],
    [{ after: 'Sun Nov  6 08:49:47 1994' }, 10_000],
    [{ after: 'Sun Nov 06 08:49:47 1994' }, 10_000],
    [{ after: 'Mon, 07 Nov 1994 08:49:37 GMT' }, HOUR],
    [{ after: 'Sunday, 06-Nov-33 08:49:47 GMT' }, HOUR],
    // The past, and now.
    [{ after: DATE }, undefined],
    [{ after: 'Sat, 05 Nov 1994 08:49:37 GMT' }, undefined],
    [{ after: 'Sunday, 06-Nov-71 08:49:47 GMT' }, undefined],
    // Dates that do not exist, or in another form.
    [{ after: 'Wed, 30 Feb 1994 08:49:47 GMT' }, undefined],
    [{ after: 'Sun, 06 Foo 1994 08:49:47 GMT' }, undefined],
    [{ after: 'Sun, 06 Nov 1994 24:49:47 GMT' }, undefined],
    [{ after: 'Sun, 06 Nov 1994 08:61:47 GMT' }, undefined],
    [{ after: 'Sun, 06 Nov 1994 08:49:47 CET' }, undefined],
    [{ after: '1994-11-06T08:49:47Z' }, undefined],
    // The server's clock is another one.
    [{ after: 'Thu, 01 Jan 2037 00:00:30 GMT', date: 'Thu, 01 Jan 2037 00:00:00 GMT' }, 30_000],
    [{ after: 'Thu, 01 Jan 1970 00:00:30 GMT', date: 'Thu, 01 Jan 1970 00:00:00 GMT' }, 30_000],
    [{ after: IN_TEN, date: 'Sun, 06 Nov 1994 08:49:50 GMT' }, undefined],
    [{ after: IN_TEN, date: 'now' }, 10_000],
    [{ after: '5', date: 'Thu, 01 Jan 2037 00:00:00 GMT' }, 5000],
  ]) {
    test(`${JSON.stringify(headers).slice(0, 100)}: ${expected}`, () => {
      assert.equal(retryAfterInRefusal({ ...headers, received: RECEIVED }, undefined), expected)
    })
  }

  test('come before the data of the error', () => {
    const headers = { after: '5', received: RECEIVED }
    assert.equal(retryAfterInRefusal(headers, { retryAfter: 7 }), 5000)
    assert.equal(retryAfterInRefusal({ ...headers, after: 'x' }, { retryAfter: 7 }), 7000)
  })
})

/** @type {[unknown, number | undefined][]} */
const OBJECTS = [
  [{ retry_after_ms: 250 }, 250],
  [{ retryAfterMs: 250 }, 250],
  [{ retry_after: 2 }, 2000],
  [{ retryAfter: 2 }, 2000],
  [{ retryAfter: 0.25 }, 250],
  [{ retryAfter: '2' }, 2000],
  [{ retryAfter: '0.25' }, 250],
  [{ retryAfter: 2, retry_after_ms: 250 }, 250],
  [{ retryAfterMs: -1, retry_after: 2 }, 2000],
  [{ retryAfter: 1e300 }, HOUR],
  [{ retryAfter: Infinity }, HOUR],
  [{ retryAfterMs: HOUR + 1 }, HOUR],
  ...[0, -1, -Infinity, NaN, null, true, [5], { ms: 5 }, 5n, DATE, ...WRONG].map(
    (wrong) => /** @type {[unknown, undefined]} */ ([{ retryAfter: wrong }, undefined]),
  ),
  [{ 'retry-after': 5, RetryAfter: 5, retry: 5 }, undefined],
  [{ error: { retryAfter: 5 } }, undefined],
  [Object.create({ retryAfter: 5 }), undefined],
  ...['retry after 5 seconds', 5, null, undefined, [], true].map(
    (value) => /** @type {[unknown, undefined]} */ ([value, undefined]),
  ),
]

for (const [where, read] of /** @type {[string, (object: unknown) => unknown][]} */ ([
  ['the data of an error', (data) => retryAfterInRefusal(undefined, data)],
  ['the structured content of a result', (content) => inResult({ structuredContent: content })],
  ['the metadata of a result', (meta) => inResult({ _meta: meta })],
]))
  test(`${where} names a time in its own fields`, () => {
    for (const [object, expected] of OBJECTS)
      assert.equal(read(object), expected, String(Object.entries(object ?? {})))
  })

/** @param {object} result */
function inResult(result) {
  return retryAfterInResult({ content: [], isError: true, ...result })
}

test('the words of a result name no time', () => {
  const words = '{"retryAfter":5}, retry after 5 seconds'
  assert.equal(retryAfterInResult({ content: [{ type: 'text', text: words }] }), undefined)
  for (const result of [undefined, null, 5, 'text', []])
    assert.equal(retryAfterInResult(result), undefined)
})

test("the word of a server is told from procward's own", () => {
  for (const code of ['ERR_MCP', 'ERR_TOOL', 'ERR_SERVER_START', 'ERR_SERVER_EXITED']) {
    assert.equal(retryAfterOf({ code, retryAfter: 250 }), 250)
    assert.equal(retryAfterOf({ code }), undefined)
  }
  for (const code of [
    'ERR_SERVER_UNAVAILABLE',
    'ERR_WORKER_UNAVAILABLE',
    'ERR_QUEUE_FULL',
    undefined,
  ])
    assert.equal(retryAfterOf({ code, retryAfter: 250 }), undefined)
  for (const error of [undefined, null, 'ERR_MCP', 5]) assert.equal(retryAfterOf(error), undefined)
})
