import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, describe, test } from 'node:test'
import {
  closed,
  exited,
  nothingLeft,
  programs,
  SUCCESS,
  statusOf,
} from './node-child-process/endings.mjs'
import { spawn } from './node-child-process/module.mjs'

afterEach(nothingLeft)

function start(program, stdio) {
  return spawn(process.execPath, [programs, program], { stdio, serialization: 'advanced' })
}

describe('serialization', () => {
  test('must have a known name', () => {
    for (const serialization of [null, 42, Number.POSITIVE_INFINITY, 'foo'])
      assert.throws(() => spawn(process.execPath, [], { serialization }), {
        code: 'ERR_INVALID_ARG_VALUE',
      })
  })

  const circular = {}
  circular.circular = circular
  const values = {
    'an array of bytes': { uint8: new Uint8Array(4) },
    'an array of floats': { float64: new Float64Array([Math.E]) },
    'a buffer': { buffer: Buffer.from('a buffer') },
    'a map': { map: new Map([[{ a: 1 }, { b: 2 }]]) },
    'a big integer': { bigInt: 2n ** 70n },
    'a circle': circular,
    'an error': new Error('an error'),
    'a RangeError': new RangeError('out of range'),
  }

  for (const [name, value] of Object.entries(values))
    test(`advanced carries ${name} both ways`, async () => {
      const child = start('sendBack', ['ipc', 'inherit', 'inherit'])
      const ending = exited(child)
      child.send(value)
      const [received] = await once(child, 'message')
      assert.deepEqual(received, value)
      child.disconnect()
      assert.deepEqual(statusOf(await ending), SUCCESS)
    })

  test('advanced carries large arrays, in order', async () => {
    const child = start('sendLargeArrays', ['inherit', 'inherit', 'inherit', 'ipc'])
    const { messages, ...rest } = await closed(child)
    assert.deepEqual(
      messages.map(([fill]) => fill),
      [0, 1, 2, 3],
    )
    for (const array of messages) {
      assert.ok(array instanceof Uint8Array)
      assert.ok(Buffer.alloc(8 * 1024 * 1024, array[0]).equals(array))
    }
    assert.deepEqual(statusOf(rest), SUCCESS)
  })

  test('advanced carries messages whose length field comes in two pieces', async () => {
    const child = start('sendSplitLengths', ['inherit', 'inherit', 'inherit', 'ipc'])
    const { messages, ...rest } = await closed(child)
    assert.equal(messages.length, 10)
    for (const { length } of messages) assert.equal(length, 65_521)
    assert.deepEqual(statusOf(rest), SUCCESS)
  })
})
