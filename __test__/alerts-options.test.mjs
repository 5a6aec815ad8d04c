import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { off, on, once, startAlerts } from 'procward'
import { webhookTargets } from '../lib/alerts/webhook/options.js'

const targetOf = (given) => webhookTargets(given)[0]

const URL = 'https://hooks.example.com/services/hunter2'

describe('an invalid webhook is refused without its secrets', () => {
  for (const webhook of [
    null,
    7,
    URL,
    [URL],
    {},
    { url: null },
    { url: [] },
    { url: [URL, 'http://example.com/hunter2'] },
    { url: Array(9).fill(URL) },
    { url: 7 },
    { url: 'hunter2' },
    { url: '/services/hunter2' },
    { url: 'ftp://example.com/hunter2' },
    { url: 'file:///hunter2' },
    { url: 'javascript:hunter2' },
    { url: 'http://example.com/hunter2' },
    { url: 'http://10.0.0.1/hunter2' },
    { url: 'http://169.254.169.254/hunter2' },
    { url: 'http://127.0.0.1.example.com/hunter2' },
    { url: 'http://localhost.example.com/hunter2' },
    { url: 'http://localhost@example.com/hunter2' },
    { url: 'http://[::2]/hunter2' },
    { url: 'http://0.0.0.0/hunter2' },
    { url: 'http://2130706434.example.com/hunter2' },
    { url: 'ftp://127.0.0.1/hunter2', allowInsecure: true },
    { url: URL, allowInsecure: 'hunter2' },
    { url: URL, format: 'hunter2' },
    { url: URL, headers: 'hunter2' },
    { url: URL, headers: { Authorization: 'hunter2\r\nX: 1' } },
    { url: URL, headers: { 'no header': 'hunter2' } },
    { url: URL, labels: ['hunter2'] },
    { url: URL, labels: { hunter2: 2 } },
    { url: URL, labels: { 'hunter-2': 'x' } },
    { url: URL, repeat: 0 },
    { url: URL, repeat: 9999 },
    { url: URL, repeat: 86_400_001 },
    { url: URL, repeat: '60000' },
    { url: URL, hunter2: 1 },
  ]) {
    test(inspect(webhook, { breakLength: Infinity }), () => {
      assert.throws(
        () => startAlerts({ webhook }),
        (error) => {
          assert.equal(error.code, 'ERR_INVALID_CONFIG')
          assert.doesNotMatch(inspect(error).replace(import.meta.url, ''), /hunter2|example\.com/)
          return true
        },
      )
    })
  }
})

test('a rule that is not there cannot be removed', () => {
  assert.throws(() => startAlerts({ rules: { queu: false } }), {
    code: 'ERR_INVALID_CONFIG',
    message: /^rules has no rule 'queu' to remove; there are: .*\bqueue\b/,
  })
})

describe('a valid webhook is accepted', () => {
  for (const given of [
    { url: URL },
    { url: 'http://127.0.0.1:9093/api/v2/alerts' },
    { url: 'http://127.255.255.254/' },
    { url: 'http://127.1/' },
    { url: 'http://0x7f000001/' },
    { url: 'http://localhost:9093/' },
    { url: 'http://LOCALHOST/' },
    { url: 'http://[::1]:9093/' },
    { url: 'http://10.0.0.1/', allowInsecure: true },
    { url: new globalThis.URL(URL) },
  ]) {
    test(inspect(given, { breakLength: Infinity }), () => {
      assert.equal(targetOf(given).url, new globalThis.URL(given.url).href)
    })
  }

  test('with these defaults', () => {
    const { headers, ...target } = targetOf({ url: URL })
    const labels = { job: 'procward', instance: hostname() }
    assert.deepEqual(target, { url: URL, format: 'alertmanager', labels, repeat: 60_000 })
    assert.deepEqual([...headers], [['content-type', 'application/json']])
    assert.equal(targetOf({ url: URL, format: 'slack' }).repeat, Infinity)
  })

  test('with other labels', () => {
    const labels = { instance: 'web-1', team: 'ads' }
    assert.deepEqual(targetOf({ url: URL, labels }).labels, {
      job: 'procward',
      instance: 'web-1',
      team: 'ads',
    })
  })

  for (const [url, user] of [
    ['https://me:hunter2@example.com/x', 'me:hunter2'],
    ['https://me@example.com/x', 'me:'],
    ['https://a%40b:c%3Ad@example.com/x', 'a@b:c:d'],
    ['https://a%zz:b@example.com/x', 'a%zz:b'],
  ]) {
    test(`${url} is asked as ${user}`, () => {
      const target = targetOf({ url })
      assert.equal(target.url, 'https://example.com/x')
      assert.equal(
        target.headers.get('authorization'),
        `Basic ${Buffer.from(user).toString('base64')}`,
      )
    })
  }
})

describe('startAlerts()', () => {
  for (const given of [
    null,
    7,
    [],
    { rule: {} },
    { rules: [] },
    { rules: { queue: { treshold: 1 } } },
    { helper: {} },
    { cleanup: {} },
  ]) {
    test(`${JSON.stringify(given)} is refused`, () => {
      assert.throws(() => startAlerts(given), { code: 'ERR_INVALID_CONFIG' })
    })
  }

  test('a webhook instead of options is refused without its text', () => {
    assert.throws(
      () => startAlerts(URL),
      ({ code, message }) => code === 'ERR_INVALID_CONFIG' && !message.includes('hunter2'),
    )
  })
})

describe('on(), once(), off()', () => {
  for (const listen of [on, once, off]) {
    for (const event of [
      'alerts',
      'Alert',
      'error',
      'constructor',
      undefined,
      null,
      Symbol.iterator,
    ]) {
      test(`${listen.name}(${String(event)}) is refused`, () => {
        assert.throws(() => listen(event, () => {}), { code: 'ERR_INVALID_ARG_VALUE' })
      })
    }
    for (const listener of [undefined, null, 'x', {}]) {
      test(`${listen.name}('alert', ${listener}) is refused`, () => {
        assert.throws(() => listen('alert', listener), { code: 'ERR_INVALID_ARG_TYPE' })
      })
    }
  }
})
