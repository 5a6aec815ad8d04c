import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { getActiveProcesses, run, spawn } from '../index.js'
import { node } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { noWindows, pidFolder } from './support/windows.mjs'

afterEach(assertNothingLeft)

/** More children at once than there are threads to wait in. */
const MANY = 12

describe('calls on Windows', { skip: noWindows }, () => {
  for (const code of [0, 1, 255, 256, 2 ** 31, 0xc0000005])
    test(`exit code ${code} is what Node.js sees too`, async () => {
      const [command, args] = node(`process.reallyExit(${code} | 0)`)
      const { exitCode, signal } = await run(command, args, { reject: false })
      assert.deepEqual(
        { exitCode, signal },
        { exitCode: spawnSync(command, args).status, signal: null },
      )
      assert.equal(exitCode, code)
    })

  test('many quiet commands do not delay the output of another', async () => {
    const quiet = Array.from({ length: MANY }, () =>
      spawn(...node('process.stdin.resume()'), { reject: false }),
    )
    await Promise.all(quiet.map((one) => once(one, 'spawn')))
    assert.equal(getActiveProcesses().length, MANY)
    const { stdout, stderr } = await run(...node('console.log("out"); console.error("err")'))
    assert.deepEqual([stdout, stderr], ['out\n', 'err\n'])
    await Promise.all(quiet.map((one) => one.kill()))
  })

  test('a stream is emitted line by line', async () => {
    const running = spawn(
      ...node(
        'process.stdin.on("data", (data) => console.log("<" + data + ">")); console.error("ready")',
      ),
    )
    const lines = []
    running.on('line', (line) => lines.push(line))
    const [ready] = await once(running, 'errorLine')
    await running.write('one')
    await once(running, 'line')
    await running.end('two')
    assert.equal((await running.exited).exitCode, 0)
    assert.deepEqual([ready, ...lines], ['ready', '<one>', '<two>'])
  })

  test('a megabyte goes in and out', async () => {
    const input = 'procward'.repeat(2 ** 17)
    const { stdout } = await run(...node('process.stdin.pipe(process.stdout)'), { input })
    assert.ok(stdout === input)
  })

  test('the last spelling of PATH is the one that counts', async (t) => {
    const { folder } = pidFolder(t)
    const bin = join(folder, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'greet.cmd'), '@echo hello\r\n')
    const { stdout } = await run('greet', [], { env: { pAtH: bin } })
    assert.equal(stdout.trim(), 'hello')
  })
})
