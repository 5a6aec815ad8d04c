import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { spawn } from '../index.js'
import { noShell, sh } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'

afterEach(assertNothingLeft)

const CLOSED = { name: 'Error', code: 'ERR_INPUT_CLOSED' }

function listening(child) {
  const lines = []
  child.on('line', (line) => lines.push(line))
  return lines
}

describe('write() and end()', { skip: noShell }, () => {
  test('reach the command in order, before and after it has started', async () => {
    const child = spawn('cat', [], { input: 'input\n' })
    const lines = listening(child)
    child.write('first\n')
    await once(child, 'spawn')
    await child.write(Buffer.from('second\n'))
    await child.write(new Uint8Array([0x78, 0x0a]))
    await child.write('')
    assert.equal(await child.end('last'), undefined)
    await child.exited
    assert.deepEqual(lines, ['input', 'first', 'second', 'x', 'last'])
  })

  test('a conversation: each answer before the next question', async () => {
    const child = spawn(...sh('while read -r line; do echo "answer to $line"; done; echo over'))
    for (const question of ['a', 'b', 'c']) {
      child.write(`${question}\n`)
      assert.deepEqual(await once(child, 'line'), [`answer to ${question}`])
    }
    child.end()
    assert.deepEqual(await once(child, 'line'), ['over'])
    await child.exited
  })

  test('the input stays open until end(), unlike with run()', async () => {
    const child = spawn('cat', [], { input: 'x' })
    await once(child, 'spawn')
    await child.write('y')
    const lines = listening(child)
    await child.end()
    await child.exited
    assert.deepEqual(lines, ['xy'])
  })

  test('write() resolves after the command has read the data', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'procward-'))
    t.after(() => rm(folder, { recursive: true }))
    const child = spawn(...sh('while [ ! -e go ]; do sleep 0.05; done; cat >/dev/null'), {
      cwd: folder,
    })
    let taken = false
    const writing = child.write(Buffer.alloc(1_000_000)).then(() => {
      taken = true
    })
    await once(child, 'spawn')
    assert.equal(taken, false)
    await writeFile(join(folder, 'go'), '')
    await writing
    await child.end()
    await child.exited
  })

  test('a hundred writes of a megabyte arrive complete', async () => {
    const child = spawn('wc', ['-c'])
    const lines = listening(child)
    const chunk = Buffer.alloc(1_000_000, 'x')
    for (let count = 0; count < 100; count++) await child.write(chunk)
    await child.end()
    await child.exited
    assert.equal(Number(lines[0]), 100_000_000)
  })

  test('data is copied, so that the caller may reuse its memory', async () => {
    const child = spawn('cat')
    const lines = listening(child)
    const bytes = Buffer.from('before\n')
    const writing = child.write(bytes)
    bytes.fill('x')
    await writing
    await child.end()
    await child.exited
    assert.deepEqual(lines, ['before'])
  })
})

describe('an input that takes no more', { skip: noShell }, () => {
  test('after end()', async () => {
    const child = spawn('cat')
    await child.end()
    await assert.rejects(child.write('x'), CLOSED)
    await assert.rejects(child.end('x'), CLOSED)
    await child.end()
    await child.exited
  })

  test('after the command has exited', async () => {
    const child = spawn('true')
    await child.exited
    await assert.rejects(child.write('x'), CLOSED)
    await child.end()
  })

  test('when the command has closed it, and runs on', async () => {
    const child = spawn(
      ...sh('exec <&-; echo closed; while [ ! -e /nowhere ]; do sleep 0.05; done'),
    )
    await once(child, 'line')
    await assert.rejects(child.write('x'), CLOSED)
    await child.kill()
  })

  test('when the command never reads, and exits or is killed', async () => {
    for (const end of ['exit', 'kill']) {
      const child = spawn('sleep', [end === 'exit' ? '0.2' : '60'])
      const writing = assert.rejects(child.write(Buffer.alloc(1_000_000)), CLOSED)
      await once(child, 'spawn')
      if (end === 'kill') await child.kill()
      await writing
      await child.exited.catch(() => {})
    }
  })

  test('when it could not be started', async () => {
    const child = spawn('procward-no-such-command', [], { input: 'x' })
    await assert.rejects(child.write('x'), CLOSED)
    await child.exited.catch(() => {})
    await assert.rejects(child.write('x'), CLOSED)
  })

  for (const [what, program] of Object.entries({
    'when its signal was aborted before': `
      const child = spawn('cat', [], { signal: AbortSignal.abort(), input: 'x' })
      child.write('x').catch(({ code }) => console.log(code))`,
    'when its signal was aborted before, with run()': `
      run('cat', [], { signal: AbortSignal.abort(), input: 'x' }).catch(() => console.log('ERR_INPUT_CLOSED'))`,
  }))
    test(`${what}: and the server can exit`, async () => {
      // Without a garbage collection, which could release the call and so hide a leak.
      const args = ['--min-semi-space-size=64']
      const { code, stdout } = await outcomeOf(
        `import { run, spawn } from 'procward'; ${program}`,
        { args },
      )
      assert.deepEqual([code, stdout], [0, 'ERR_INPUT_CLOSED'])
    })
})
