// What is declared is there, and what is there is declared.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { declaredMembers, declaredValues, entryPoints } from './support/declarations.mjs'

const require = createRequire(import.meta.url)
const procward = require('procward')

test('the package has five entry points', () => {
  const names = ['mcp-helper', 'health', 'child_process', 'register']
  assert.deepEqual(
    [...entryPoints.keys()],
    ['procward', ...names.map((name) => `procward/${name}`)],
  )
})

for (const name of entryPoints.keys())
  describe(name, () => {
    test('require() gives all that is declared', () => {
      assert.deepEqual(Object.keys(require(name)).sort(), declaredValues(name))
    })

    test('import has a name for each declaration', async () => {
      // Later versions of Node.js add 'module.exports'.
      const names = Object.keys(await import(name)).filter(
        (key) => key !== 'default' && key !== 'module.exports',
      )
      assert.deepEqual(names.sort(), declaredValues(name))
    })
  })

for (const name of ['Semaphore', 'CleanupScanner'])
  test(`${name} has the methods that are declared`, () => {
    const methods = Object.getOwnPropertyNames(procward[name].prototype).filter(
      (key) => key !== 'constructor',
    )
    assert.deepEqual(methods.sort(), declaredMembers('procward', name))
    assert.deepEqual(Object.keys(new procward[name]()), [], 'and no other state to be seen')
  })

test('a pool and its workers have the methods that are declared', async () => {
  const pool = new procward.ProcessPool({ command: process.execPath })
  const worker = await pool.acquire()
  for (const [name, object] of Object.entries({ ProcessPool: pool, PoolWorker: worker })) {
    const members = Object.getOwnPropertyNames(Object.getPrototypeOf(object)).filter(
      (key) => key !== 'constructor',
    )
    assert.deepEqual(members.sort(), declaredMembers('procward', name), name)
  }
  assert.deepEqual(Object.keys(pool), [], 'and no other state to be seen')
  assert.deepEqual(
    Object.keys(pool.getStatus()).sort(),
    declaredMembers('procward', 'ProcessPoolStatus'),
  )
  worker.release()
  await pool.close()
})

test('a helper of its own has the functions of the default one', () => {
  const { createMcpHelper, ...functions } = require('procward/mcp-helper')
  assert.deepEqual(Object.keys(createMcpHelper()).sort(), Object.keys(functions).sort())
  assert.deepEqual(
    Object.keys(functions).sort(),
    declaredMembers('procward/mcp-helper', 'McpHelper'),
  )
})

test("a scanner's numbers and reports have the fields that are declared", async () => {
  const scanner = new procward.CleanupScanner({ maxAge: 3_600_000 })
  const report = await scanner.cleanupAll({ dryRun: true })
  assert.deepEqual(Object.keys(report).sort(), declaredMembers('procward', 'CleanupReport'))
  assert.deepEqual(
    Object.keys(report.skipped[0]).sort(),
    declaredMembers('procward', 'JudgedProcess'),
  )
  assert.deepEqual(
    Object.keys(scanner.getStats()).sort(),
    declaredMembers('procward', 'CleanupStats'),
  )
})

test('a result, a semaphore and the health objects have the fields that are declared', async () => {
  const { getHealth, getProcessHealth } = require('procward/health')
  const objects = {
    ProcessResult: await procward.run(process.execPath, ['--version'], { all: true }),
    SemaphoreStatus: new procward.Semaphore().getStatus(),
  }
  for (const [name, object] of Object.entries(objects))
    assert.deepEqual(Object.keys(object).sort(), declaredMembers('procward', name), name)
  for (const [name, object] of Object.entries({
    Health: getHealth(),
    ProcessHealth: getProcessHealth(),
  }))
    assert.deepEqual(Object.keys(object).sort(), declaredMembers('procward/health', name), name)
})
