// Sizes of memory and the limit `auto`, as options and as variables.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { McpPool } from '../index.js'
import config from '../lib/config.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { helperOptions } from '../lib/mcporter/options.js'
import validate from '../lib/validate.js'

const SIZE = "a number of bytes, or a size such as '512M'"
const AMOUNT = `${SIZE}, or a percentage such as '60%'`

afterEach(() => {
  delete process.env.MCP_MAX_CONCURRENT
  delete process.env.MCP_MEMORY_BUDGET
})

describe('a size of memory', () => {
  for (const [value, bytes] of [
    [1, 1],
    ['1', 1],
    [512, 512],
    [' 2048 ', 2048],
    ['1K', 1024],
    ['512M', 512 * 2 ** 20],
    ['512m', 512 * 2 ** 20],
    ['512MB', 512 * 2 ** 20],
    ['512MiB', 512 * 2 ** 20],
    ['1.5G', 1.5 * 2 ** 30],
    ['2T', 2 * 2 ** 40],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])
    test(`${value} is ${bytes} bytes`, () => {
      assert.equal(validate.memorySize('it', value), bytes)
      assert.deepEqual(validate.memoryAmount('it', value), { bytes })
    })

  const bad = [0, -1, 1.5, '1.5', NaN, Infinity, 2 ** 53, '9007199254740992', '8192T', '0.0001K']
  for (const value of [
    ...bad,
    '',
    'M',
    '512X',
    '5 M',
    '1e3',
    '0x10',
    null,
    undefined,
    true,
    {},
    [512],
  ])
    test(`${JSON.stringify(value)} is none`, () => {
      for (const check of [validate.memorySize, validate.memoryAmount])
        assert.throws(() => check('it', value), {
          code: 'ERR_INVALID_CONFIG',
          message: new RegExp(`^it must be ${SIZE}.*, got `),
        })
    })

  test('a percentage is above 0 and at most 100', () => {
    for (const [value, percent] of [
      ['60%', 60],
      ['0.5%', 0.5],
      [' 100% ', 100],
    ])
      assert.deepEqual(validate.memoryAmount('it', value), { percent })
    for (const value of ['0%', '101%', '-1%', '%', '60%%', '6 0%'])
      assert.throws(() => validate.memoryAmount('it', value), { code: 'ERR_INVALID_CONFIG' })
    assert.throws(() => validate.memorySize('it', '60%'), { code: 'ERR_INVALID_CONFIG' })
  })
})

describe('the rules of a helper', () => {
  const gate = (options) => helperOptions(options).gate

  test('are none while a number alone limits calls', () => {
    assert.deepEqual([gate(), gate({ maxConcurrent: 7 })], [undefined, undefined])
  })

  test('follow from options and variables', () => {
    const none = { budget: undefined, reserve: undefined, max: undefined }
    assert.deepEqual(gate({ maxConcurrent: 'auto' }), { ...none, auto: true })
    assert.deepEqual(gate({ maxConcurrent: 'auto', memoryBudget: '1K', reserve: '20%', max: 9 }), {
      ...{ auto: true, budget: { bytes: 1024 }, reserve: { percent: 20 }, max: 9 },
    })
    assert.deepEqual(gate({ memoryBudget: '60%' }), {
      ...none,
      auto: false,
      budget: { percent: 60 },
    })
    process.env.MCP_MEMORY_BUDGET = '512M'
    const budget = { bytes: 512 * 2 ** 20 }
    assert.deepEqual(gate(), { ...none, auto: false, budget })
    process.env.MCP_MAX_CONCURRENT = 'auto'
    assert.deepEqual(gate(), { ...none, auto: true, budget })
    assert.equal(gate({ maxConcurrent: 3, memoryBudget: 1 }).auto, false)
  })

  for (const [options, message] of [
    [{ max: 9 }, "max has an effect only with maxConcurrent 'auto'"],
    [{ max: 9, memoryBudget: 1 }, "max has an effect only with maxConcurrent 'auto'"],
    [{ reserve: 1 }, "reserve has an effect only with maxConcurrent 'auto' or a memoryBudget"],
    [{ memoryBudget: 'much' }, `memoryBudget must be ${AMOUNT}, got 'much'`],
    [{ reserve: 0, memoryBudget: 1 }, `reserve must be ${AMOUNT}, got 0`],
    [
      { maxConcurrent: 'automatic' },
      "maxConcurrent must be a whole number from 1 to 4294967295, got 'automatic'",
    ],
  ])
    test(`${JSON.stringify(options)} is refused`, () => {
      assert.throws(() => createMcpHelper(options), { code: 'ERR_INVALID_CONFIG', message })
    })

  test('a malformed variable is refused by its name', () => {
    process.env.MCP_MEMORY_BUDGET = 'half'
    const message = `MCP_MEMORY_BUDGET must be ${AMOUNT}, got 'half'`
    assert.throws(() => config.memoryBudget(), { code: 'ERR_INVALID_CONFIG', message })
    assert.throws(() => createMcpHelper(), { code: 'ERR_INVALID_CONFIG', message })
  })
})

test("a server's maxTreeMemory is a size", () => {
  const servers = { it: { command: 'true', maxTreeMemory: 'much' } }
  const message = `servers.it.maxTreeMemory must be ${SIZE}, got 'much'`
  assert.throws(() => new McpPool({ servers }), { code: 'ERR_INVALID_CONFIG', message })
})
