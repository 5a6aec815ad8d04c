import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { getProcessHealth, healthRouter } from 'procward/health'

const helper = { getSemaphoreStatus: () => ({}), getActiveProcesses: () => [] }
const cleanup = { getStats: () => ({ stats: {} }) }
const options = { helper, cleanup }

describe('options', () => {
  for (const given of [
    null,
    7,
    'x',
    [],
    { recommendedMax: 0 },
    { recommendedMax: -1 },
    { recommendedMax: 1.5 },
    { recommendedMax: Number.NaN },
    { recommendedMax: Infinity },
    { recommendedMax: 2 ** 40 },
    { recommendedMax: '5' },
    { recommendedMax: null },
    { helper: null },
    { helper: 7 },
    { helper: {} },
    { helper: { getSemaphoreStatus() {} } },
    { cleanup: null },
    { cleanup: {} },
    { prefix: 'api/health' },
    { prefix: '/api?x' },
    { prefix: 7 },
    { prefix: null },
    { recomendedMax: 5 },
  ]) {
    test(`${JSON.stringify(given)} is refused when mounted`, () => {
      assert.throws(() => healthRouter(complete(given)), { code: 'ERR_INVALID_CONFIG' })
      assert.throws(() => getProcessHealth(complete(given)), { code: 'ERR_INVALID_CONFIG' })
    })
  }

  /** With a good helper and cleanup, so that only the option at hand can be wrong. */
  function complete(given) {
    return typeof given === 'object' && given !== null && !Array.isArray(given)
      ? { ...options, ...given }
      : given
  }

  for (const [token, got] of [
    ['', "''"],
    [7, '7'],
    ['correct horse', 'a string of 13 characters with others'],
    ['grün', 'a string of 4 characters with others'],
  ]) {
    test(`the error of token ${JSON.stringify(token)} does not show it`, () => {
      const message = `token must be a string of printable ASCII characters without spaces, got ${got}`
      const error = { code: 'ERR_INVALID_CONFIG', message }
      assert.throws(() => healthRouter(complete({ token })), error)
    })
  }

  for (const prefix of ['/h/', '/h', '']) {
    test(`prefix '${prefix}'`, async () => {
      const handler = healthRouter({ ...options, prefix })
      const statuses = []
      const path = `${prefix.replace(/\/$/, '')}/live`
      const response = { setHeader() {}, end: () => statuses.push(response.statusCode) }
      handler({ url: path, method: 'GET', headers: {} }, response)
      assert.deepEqual(statuses, [200])
    })
  }

  test('an odd request does not fail because of the file for the command line', () => {
    const handler = healthRouter({ ...options, announce: true })
    const socket = {
      get server() {
        throw new Error('odd')
      },
    }
    const response = { setHeader() {}, end: () => statuses.push(response.statusCode) }
    const statuses = []
    for (const odd of [{ originalUrl: 5 }, { socket }, { socket: null }])
      handler({ url: '/live', method: 'GET', headers: {}, ...odd }, response)
    assert.deepEqual(statuses, [200, 200, 200])
  })
})
