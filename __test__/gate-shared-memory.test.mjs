// Two processes that share a limit do not start children on the same free memory.

import assert from 'node:assert/strict'
import { spawn as spawnChild } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { run } from '../index.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import native from '../lib/native.js'
import { temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { httpMcpServer } from './support/http-mcp-server.mjs'
import { longRunning } from './support/long-running.mjs'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'
import { until } from './support/until.mjs'

const MB = 2 ** 20
/** The calls of the other process. Each needs an unknown server, which counts 256 MB. */
const CALLS = 12
const configPath = writeConfig(temporaryFolder(), {})
const root = fileURLToPath(new URL('..', import.meta.url))

after(assertNothingLeft)

/** Makes a helper that is shut down after the test, and shares its limits in the folder, if any. */
function helperOf(t, folder, options) {
  if (folder) Object.assign(process.env, { MCP_LIMIT_URL: 'host', MCP_LIMIT_DIR: folder })
  try {
    const helper = createMcpHelper({ configPath, transport: 'pool', killGrace: 100, ...options })
    t.after(() => helper.shutdown())
    return helper
  } finally {
    delete process.env.MCP_LIMIT_URL
    delete process.env.MCP_LIMIT_DIR
  }
}

/** Holds all slots of the folder. */
async function holdSlots(t, folder) {
  const { url } = await httpMcpServer(t, {
    behave: (message) => (message?.params?.name === 'hang' ? { hang: true } : undefined),
  })
  const servers = { http: { url } }
  const helper = helperOf(t, folder, { servers, maxConcurrent: CALLS })
  // The shutdown of the helper ends the call.
  helper.callToolAsync('http', 'hang', {}, { cost: CALLS }).catch(() => {})
  await until(() => helper.getActiveProcesses().length === 1)
}

/** Starts a process whose calls have the right to start their servers, and wait for slots. */
async function startOther(t, folder) {
  const program = `
    const { createMcpHelper } = require('procward/mcp-helper')
    const names = Array.from({ length: ${CALLS} }, (_, number) => 's' + number)
    const servers = Object.fromEntries(names.map((name) => [name, { command: 'cat' }]))
    const limits = { memoryBudget: '100%', reserve: 1, maxConcurrent: ${CALLS} }
    const transport = 'pool'
    const helper = createMcpHelper({ configPath: '${configPath}', servers, transport, ...limits })
    for (const name of names) helper.callToolAsync(name, 'any')
    const looks = setInterval(() => {
      const waiting = helper.getQueuedCalls().filter(({ waitsFor }) => waitsFor === 'host')
      if (waiting.length < names.length) return
      clearInterval(looks)
      console.log('waiting')
    }, 5)`
  const child = spawnChild(process.execPath, ['-e', program], {
    cwd: root,
    env: { ...process.env, MCP_LIMIT_URL: 'host', MCP_LIMIT_DIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

/** Returns the memory that is available now. */
async function availableMemory(t) {
  const helper = helperOf(t, undefined, { memoryBudget: '100%' })
  await run('true')
  const available = await until(() => native.gateStatus()?.available)
  await helper.shutdown()
  return available
}

const chargesIn = (folder) =>
  readdirSync(folder)
    .filter((name) => /^memory-\d+-bytes$/.test(name))
    .map((name) => Number(readFileSync(join(folder, name), 'utf8')))

test('memory that is promised to a child of one process is not given to another', {
  skip: noProcessList,
}, async (t) => {
  const folder = join(temporaryFolder(), 'slots')
  await holdSlots(t, folder)
  const other = await startOther(t, folder)
  assert.deepEqual(chargesIn(folder), [CALLS * 256 * MB])
  const rules = { memoryBudget: '100%', reserve: (await availableMemory(t)) - 1536 * MB }
  assert.ok(rules.reserve > 0, 'the machine has too little memory for this test')

  await t.test('the memory suffices for a process that shares nothing', async (t) => {
    helperOf(t, undefined, rules)
    t.after(await longRunning())
    await run('true')
  })

  await t.test('a process that shares waits until the other one has gone', async (t) => {
    helperOf(t, folder, rules)
    t.after(await longRunning())
    const late = run('true')
    await until(() => native.gateStatus()?.waiting === 1)
    assert.equal(native.gateStatus().limitedBy, 'memory')
    other.kill('SIGKILL')
    await late
  })
})
