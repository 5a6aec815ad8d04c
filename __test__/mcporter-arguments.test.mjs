import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import argumentsModule from '../lib/mcp/arguments.js'
import commandLine from '../lib/mcporter/command-line.js'

const { encodeArguments, serverName, toolName } = argumentsModule

/** Names that mcporter 0.9 and 0.12 look up in their configuration. */
const PLAIN = [
  ...[
    'memory',
    'io.github.x',
    'my server',
    "it's",
    '"q"',
    'ünï日本',
    'a=b',
    'a:b',
    '@scope/x',
    'list',
    'a(b)',
  ],
  ...['my npx thing', 'npx', '-x', '-', './a', '/a', 'vscode:x/y', 'version', 'x npx'],
]
/** Names that mcporter takes for something else, and what for. @type {[string, RegExp][]} */
const OTHERS = [
  ['-h', /option/],
  ['--config', /option/],
  ['--x', /option/],
  [' padded', /white space/],
  ['padded\n', /white space/],
  ['help', /help/],
  ['https://mcp.example.com/mcp', /address/],
  ['HTTP://x', /address/],
  ['example.com/mcp', /address/],
  ['localhost:8080/mcp', /address/],
  ['microsoft/playwright-mcp', /address/],
  ['npx -y some-server', /command/],
  ['/usr/bin/npx x', /command/],
  ['n"p"x x', /command/],
]

describe('names of servers and tools', () => {
  for (const name of [
    ...PLAIN,
    ...OTHERS.map(([each]) => each),
    'list_tools',
    '__proto__',
    'x'.repeat(10_000),
  ]) {
    test(`any text: ${JSON.stringify(name.slice(0, 40))}`, () => {
      assert.equal(serverName(name), name)
      assert.equal(toolName(name), name)
    })
  }
  for (const name of ['', 'a\0b'])
    test(`none: ${JSON.stringify(name)}`, () => {
      assert.throws(() => serverName(name), { code: 'ERR_INVALID_ARG_VALUE', message: /^server / })
      assert.throws(() => toolName(name), { code: 'ERR_INVALID_ARG_VALUE', message: /^tool / })
    })
  for (const name of [undefined, null, 5, {}, ['memory'], Symbol('memory')])
    test(`not a string: ${String(name)}`, () => {
      assert.throws(() => serverName(name), { code: 'ERR_INVALID_ARG_TYPE', message: /^server / })
      assert.throws(() => toolName(name), { code: 'ERR_INVALID_ARG_TYPE', message: /^tool / })
    })
})

describe("names on mcporter's command line", () => {
  const { callCommand, listCommand } = commandLine
  const call = { server: 'a', tool: 'b', json: '{}', timeout: 1 }

  for (const server of PLAIN)
    test(`a server: ${server}`, () => {
      assert.ok(callCommand({ ...call, server }).includes(server))
      assert.ok(listCommand({ ...call, server }).includes(server))
    })
  for (const [server, why] of OTHERS)
    test(`no server: ${JSON.stringify(server)}`, () => {
      for (const command of [callCommand, listCommand]) {
        assert.throws(() => command({ ...call, server }), {
          code: 'ERR_INVALID_ARG_VALUE',
          message: why,
        })
      }
    })
  for (const tool of ['help', 'list_tools', ' padded ', 'a/b', 'https://x/y'])
    test(`a tool: ${tool}`, () =>
      assert.ok(
        callCommand({ ...call, tool })
          .join()
          .includes(tool),
      ))
  for (const tool of ['-x', '--tool'])
    test(`no tool: ${tool}`, () =>
      assert.throws(() => callCommand({ ...call, tool }), {
        code: 'ERR_INVALID_ARG_VALUE',
        message: /tool .*option/,
      }))
})

describe('arguments', () => {
  const deep = {
    a: [1, -0.5, { b: null, c: ['"', '\\', '\n', '\u2028', '\ud800', '💥'] }],
    '': false,
    'k"': 'ü',
  }
  for (const [name, args, json] of [
    ['any nesting', deep, JSON.stringify(deep)],
    ['none', {}, '{}'],
    ['undefined properties are left out', { a: undefined, b: 1 }, '{"b":1}'],
    ['dates as JSON has them', { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    ['no prototype', Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    [
      '__proto__ below the top',
      JSON.parse('{"a":{"__proto__":{"b":1}}}'),
      '{"a":{"__proto__":{"b":1}}}',
    ],
    ['toJSON', { toJSON: () => ({ a: 1 }) }, '{"a":1}'],
  ]) {
    test(name, () => assert.equal(encodeArguments(args), json))
  }

  const cycle = {}
  cycle.itself = { cycle }
  for (const [name, args, message] of [
    ['undefined', undefined, /got undefined/],
    ['null', null, /got null/],
    ['an array', [1], /got \[/],
    ['a string', '{}', /got '\{\}'/],
    ['a number', 5, /got 5/],
    ['a function', () => {}, /got \[Function/],
    ['a date', new Date(0), /got 1970/],
    ['a Map', new Map(), /property '' is a Map/],
    ['a Map in it', { m: new Map() }, /property 'm' is a Map/],
    ['a Set in it', { m: new Set() }, /property 'm' is a Set/],
    ['a BigInt', { n: 5n }, /property 'n' is a bigint/],
    ['a function in it', { f() {} }, /property 'f' is a function/],
    ['a symbol in an array', { s: [Symbol('x')] }, /property '0' is a symbol/],
    ['NaN', { n: Number.NaN }, /property 'n' is a NaN/],
    ['Infinity', { n: -Infinity }, /property 'n' is a -Infinity/],
    ['a cycle', cycle, /circular/],
    ['toJSON that gives no object', { toJSON: () => 'text' }, /got \{/],
    ['toJSON that gives nothing', { toJSON: () => undefined }, /got \{/],
  ]) {
    test(`refused: ${name}`, () => {
      assert.throws(() => encodeArguments(args), { code: 'ERR_INVALID_ARG_TYPE', message })
    })
  }

  test('refused: __proto__ at the top', () => {
    const args = JSON.parse('{"__proto__":{"a":1}}')
    assert.throws(() => encodeArguments(args), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /__proto__/,
    })
  })

  test('an error of a getter is the cause', () => {
    const cause = new Error('lazy')
    const args = {
      get x() {
        throw cause
      },
    }
    assert.throws(() => encodeArguments(args), { code: 'ERR_INVALID_ARG_TYPE', cause })
  })
})
