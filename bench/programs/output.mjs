// A command that writes much, read as a stream and as a text.

import assert from 'node:assert/strict'
import { spawn as nodeSpawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { run, spawn } from '../../index.js'
import { shuffled } from '../support/order.mjs'
import { programOptions } from '../support/program.mjs'
import { Samples } from '../support/samples.mjs'
import { usage } from '../support/usage.mjs'

const { rounds, bytes } = programOptions()
const command = ['head', ['-c', String(bytes), '/dev/zero']]
const samples = new Samples(['procward', 'child_process', 'limit'])

const works = {
  'through `stdout`': {
    procward: async () => {
      const child = spawn(...command)
      const [length] = await Promise.all([count(child.stdout), count(child.stderr), child.exited])
      return length
    },
    child_process: async () => {
      const child = nodeSpawn(...command)
      const closed = once(child, 'close')
      const [length] = await Promise.all([count(child.stdout), count(child.stderr), closed])
      return length
    },
    limit,
  },
  'as a text': {
    procward: async () => (await run(...command, { maxBuffer: Infinity })).stdout.length,
    child_process: async () => {
      const child = nodeSpawn(...command)
      const closed = once(child, 'close')
      const [output] = await Promise.all([text(child.stdout), text(child.stderr), closed])
      return output.length
    },
    limit,
  },
}

/** Counts the bytes of a stream. @param {import('node:stream').Readable} stream */
async function count(stream) {
  let length = 0
  stream.on('data', (chunk) => {
    length += chunk.length
  })
  await once(stream, 'end')
  return length
}

/** Writes as much into a pipe that a program of the system reads. */
async function limit() {
  const child = nodeSpawn('sh', ['-c', `head -c ${bytes} /dev/zero | cat > /dev/null`])
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
  return bytes
}

for (let round = 0; round < rounds; round++) {
  for (const [what, ways] of Object.entries(works)) {
    for (const name of shuffled(Object.keys(ways))) {
      globalThis.gc()
      const { wall, cpu, gap } = await usage(async () => assert.equal(await ways[name](), bytes))
      samples.add(what, name, wall)
      samples.add(`CPU, ${what}`, name, cpu)
      if (name !== 'limit') samples.add(`longest gap, ${what}`, name, gap)
    }
  }
}
console.log(JSON.stringify(samples))
