// What a terminal is given, and command lines that may be shown.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { commandLine } from '../lib/cli/redact.js'
import { samplesOf } from '../lib/cli/samples.js'
import { duration, plain, plainJson, size, table } from '../lib/cli/text.js'
import { randomFrom } from './fixtures/random.mjs'

/** Whole numbers below a limit. @param {number} seed */
function seeded(seed) {
  const random = randomFrom(seed)
  return (/** @type {number} */ limit) => Math.floor(random() * limit)
}

describe('plain text', () => {
  /** @type {[string, string][]} */
  const TEXTS = [
    ['asana-v2', 'asana-v2'],
    ['Größe 数', 'Größe 数'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]0;title\u0007x', 'x'],
    ['\u001b[31mred\u0007 \u001b]0;no end', 'red 0;no end'],
    ['\u001b]8;;http://evil\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['a\r\nb\tc\u0000d', 'abcd'],
    ['\u009b2Jx', 'x'],
    ['\u202egnp.exe\u2066\u200b\ufeff', 'gnp.exe'],
    ['a\u2028b\u2029c', 'abc'],
    ['\ud800x', 'x'],
    ['x'.repeat(300), `${'x'.repeat(197)}...`],
  ]
  for (const [given, shown] of TEXTS)
    test(JSON.stringify(given.slice(0, 40)), () => assert.equal(plain(given), shown))

  test('covers all of a JSON value, also its names', () => {
    const given = { 'a\u001b[1m': ['b\u0007', { c: '\u202e', d: 1, e: null, f: true }] }
    assert.deepEqual(plainJson(given), { a: ['b', { c: '', d: 1, e: null, f: true }] })
  })

  test('contains no terminal sequence for any input', () => {
    const random = seeded(6)
    for (let round = 0; round < 5000; round++) {
      const units = Array.from({ length: 12 }, () => (random(5) === 0 ? 0x1b : random(0x100)))
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      assert.doesNotMatch(plain(String.fromCharCode(...units)), /[\u0000-\u001f\u007f-\u009f]/)
    }
  })

  test('a table keeps its columns', () => {
    assert.deepEqual(
      table(
        ['PID>', 'NAME', 'AGE>'],
        [
          [1, 'a\nb', '2 s'],
          [12345, 'näme', '10 s'],
        ],
      ),
      ['  PID  NAME   AGE', '    1  ab     2 s', '12345  näme  10 s'],
    )
  })

  test('times and sizes', () => {
    const times = [0, 999, 1000, 59_999, 60_000, 3_661_000, 90_000_000, -1, NaN, null, '5'].map(
      duration,
    )
    const expected = [
      '0 ms',
      '999 ms',
      '1.0 s',
      '59.9 s',
      '1 min 0 s',
      '1 h 1 min',
      '1 d 1 h',
      '-',
      '-',
      '-',
      '-',
    ]
    assert.deepEqual(times, expected)
    const sizes = [
      0,
      1023,
      1024,
      1536,
      10 * 1024,
      2 ** 20,
      3 * 2 ** 30,
      2 ** 50,
      -1,
      undefined,
    ].map(size)
    const written = [
      '0 B',
      '1023 B',
      '1.0 KiB',
      '1.5 KiB',
      '10 KiB',
      '1.0 MiB',
      '3.0 GiB',
      '1024 TiB',
      '-',
      '-',
    ]
    assert.deepEqual(sizes, written)
  })
})

describe('command lines', () => {
  /** @type {[string[], string][]} */
  const LINES = [
    [['/usr/bin/node', '/srv/app/server.js', '--port', '3000'], 'node .../server.js --port 3000'],
    [
      ['node', 'server.js', '--api-key', 'hunter', '--verbose'],
      'node server.js --api-key *** --verbose',
    ],
    [['node', 'server.js', '--token', '--password', 'hunter'], 'node server.js --token *** ***'],
    [
      ['node', 'server.js', '--password=hunter', '--port=3000'],
      'node server.js --password=*** --port=***',
    ],
    [['node', 'server.js', '-H', 'Authorization: Bearer x'], 'node server.js -H ***'],
    [
      ['node', 'server.js', 'https://user:pass@h.example:8080/T0/x?token=y'],
      'node server.js https://h.example:8080/...',
    ],
    [['node', 'server.js', 'postgres://user:pass@db/x'], 'node server.js postgres://db/...'],
    [['node', 'server.js', '5f2c9a7b1e3d4f60'], 'node server.js ***'],
    [['node', 'server.js', 'c2VjcmV0LXNlY3JldC1zZWNyZXQ='], 'node server.js ***'],
    [
      ['node', 'server.js', 'sk-proj-abcdef', 'ghp_abcdef', 'hunter2'],
      'node server.js *** *** ***',
    ],
    [
      ['node', 'server.js', 'API_KEY=x', 'q:hunter', '{"a":1}'],
      'node server.js API_KEY=*** *** ***',
    ],
    [['node', '-e', 'fetch("x")'], 'node -e ***'],
    [['sh', '-c', 'echo hunter'], 'sh -c ***'],
    [['mysql', '-uroot', '-phunter'], 'mysql -u*** -p***'],
    [
      ['npx', '-y', '@scope/server-memory@2026.8.31', 'stdio'],
      'npx -y @scope/server-memory@2026.8.31 stdio',
    ],
    [
      ['node', '/h/_npx/15b07286cbcc3329/node_modules/.bin/mcp-server'],
      'node .../node_modules/.bin/mcp-server',
    ],
    [
      ['node', '/a/node_modules/@scope/it/dist/index.js'],
      'node .../node_modules/@scope/it/dist/index.js',
    ],
    [['C:\\Program Files\\node.exe', 'C:\\Users\\me\\server.js'], 'node.exe .../server.js'],
    [
      ['mcporter', 'call', 'github.search', 'q=x', '--args', '{}'],
      'mcporter call github.search q=*** --args ***',
    ],
    [['node server.js --password hunter'], 'node server.js --password ***'],
    [['redis-cli', '-a', 'correcthorse', 'ping'], 'redis-cli -a *** ping'],
    [['node', 'server.js', '-t', 'correcthorse', '-v'], 'node server.js -t *** -v'],
    [['node', 'server.js', '-s', '12345'], 'node server.js -s ***'],
    [['node', '-x', 'server.js', 'stdio'], 'node -x server.js stdio'],
    [['tool', '-f', '--verbose', 'stdio'], 'tool -f --verbose stdio'],
    [['tool', '-o', 'https://h.example/x', 'stdio'], 'tool -o https://h.example/... stdio'],
    [['npx', '-y', 'mcp-server-fetch'], 'npx -y mcp-server-fetch'],
    [['npx', '-p', 'mcp-server-fetch', 'x'], 'npx -p *** x'],
    [['python3.12', '-m', 'mcp_server'], 'python3.12 -m mcp_server'],
    [['tool', '-m', 'correcthorse'], 'tool -m ***'],
    [['curl', 'Authorization:', 'Bearer', 'correcthorse'], 'curl *** *** ***'],
    [['curl', 'Bearer', 'correcthorse', 'stdio'], 'curl Bearer *** stdio'],
    [['tool bearer: correcthorse'], 'tool *** ***'],
    [['tool', 'login', 'password', 'correcthorse'], 'tool login *** ***'],
    [['tool', '-HAuthorization:', 'Bearer', 'correcthorse'], 'tool -H*** *** ***'],
    [['node', 'a\u001b[31mb'], 'node ***'],
    [['node', ''], 'node ***'],
    [['node', ...Array(50).fill('x')], `node${' x'.repeat(40)} ...`],
    [[], '***'],
  ]
  for (const [argv, shown] of LINES) test(shown, () => assert.equal(commandLine(argv), shown))

  test('a secret is hidden in every place', () => {
    const random = seeded(7)
    const pick = (text) => text[random(text.length)]
    const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
    for (let round = 0; round < 3000; round++) {
      const hex = Array.from({ length: 16 + random(48) }, () => pick('0123456789abcdef')).join('')
      const base64 = Array.from({ length: 24 + random(40) }, () =>
        pick(`${letters}0123456789+/`),
      ).join('')
      // Behind an option or a name, any word is one.
      const word = Array.from({ length: 8 + random(20) }, () => pick(letters)).join('')
      const places = [
        ...[hex, base64].flatMap((secret) => [
          [secret, secret],
          [secret, `/tmp/${secret}`],
          [secret, `--x=${secret}`],
        ]),
        ...[
          `--api-key=${word}`,
          `KEY=${word}`,
          `https://u:${word}@h/`,
          `https://h/${word}`,
          `https://h/?k=${word}`,
        ].map((text) => [word, text]),
      ]
      for (const [secret, text] of places) {
        const line = commandLine(['node', 'server.js', text])
        const parts = secret.split(/[/+]/).filter((part) => part.length > 5)
        for (const part of parts) assert.ok(!line.includes(part), `${part} in ${line}`)
      }
      for (const option of [
        '--token',
        '--api-key',
        '--password',
        '--client-secret',
        '--auth',
        '-p',
        '-H',
        '-e',
        ...[...letters].map((letter) => `-${letter}`),
        'Bearer',
        'basic',
      ]) {
        assert.ok(!commandLine(['node', 'server.js', option, word]).includes(word), option)
      }
    }
  })
})

describe("Prometheus's text", () => {
  test('samples', () => {
    const text = [
      '# HELP a_total How many.',
      '# TYPE a_total counter',
      'a_total{server="x",tool="say \\"hi\\", \\\\ and\\nbye"} 3',
      'b 1.5e3 1700000000000',
      'c{le="+Inf",} +Inf',
      '',
    ].join('\n')
    assert.deepEqual(plainJson(samplesOf(text)), [
      { name: 'a_total', labels: { server: 'x', tool: 'say "hi", \\ andbye' }, value: 3 },
      { name: 'b', labels: {}, value: 1500 },
      { name: 'c', labels: { le: '+Inf' }, value: '+Inf' },
    ])
  })

  for (const text of ['<html>', 'a', 'a{x=y} 1', 'a{x="y"} z', 'a{x="y} 1', '1a 2']) {
    test(`${text} is none`, () => assert.equal(samplesOf(text), undefined))
  }
})
