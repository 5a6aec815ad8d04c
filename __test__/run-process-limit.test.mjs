// Starts where this user may start no more threads and processes.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, describe, test } from 'node:test'
import { AS_USER, noOtherUser, packageFor } from './support/process-limit.mjs'
import { assertNothingLeft } from './support/processes.mjs'

afterEach(assertNothingLeft)

/**
 * Starts a command in every way at the limit, and once more after a line of input, when the parent
 * has raised the limit. Node.js itself aborts unless its own threads were started before.
 */
const PROGRAM = `
  const { execFileSync } = require('node:child_process')
  const { once } = require('node:events')
  const { readFile } = require('node:fs/promises')
  const [folder, hasRun] = process.argv.slice(1)
  const { getActiveProcesses, run, spawn } = require(folder)
  const { createMcpHelper } = require(folder + '/lib/mcp-helper.js')
  const outcome = (work) => work().then(
    () => 'OK',
    ({ code, message, cause }) => [code, message, cause?.code].join(' | '),
  )
  const configPath = folder + '/mcporter.json'
  const call = (transport) => async () => {
    const helper = createMcpHelper({ configPath, transport, mcporterBin: '/bin/true' })
    await helper.callToolAsync('it', 'tool').finally(() => helper.shutdown())
  }
  ;(async () => {
    if (hasRun) await run('true')
    await readFile(configPath)
    execFileSync('prlimit', ['--pid', String(process.pid), '--nproc=1:'])
    const outcomes = {
      run: await outcome(() => run('true')),
      spawn: await outcome(async () => spawn('true').exited),
    }
    if (hasRun) Object.assign(outcomes, {
      pool: await outcome(call('pool')),
      mcporter: await outcome(call('mcporter')),
    })
    console.log(JSON.stringify({ outcomes, active: getActiveProcesses().length }))
    await once(process.stdin, 'data')
    console.log(await outcome(() => run('true')))
    process.exit()
  })()`

const NOT_STARTED = 'ERR_SPAWN | Cannot start true (EAGAIN) | EAGAIN'
const OF_THE_HELPER = {
  pool:
    'ERR_SERVER_START | MCP call it.tool: the server could not be started: cat: ' +
    'Resource temporarily unavailable (os error 11) | EAGAIN',
  mcporter: 'ERR_SPAWN | MCP call it.tool: Cannot start /bin/true (EAGAIN) | ERR_SPAWN',
}

describe('at the process limit', { skip: noOtherUser }, () => {
  for (const [name, hasRun, warden] of [
    ['a first command', '', 'on'],
    ['a later command', 'yes', 'on'],
    ['a later command without a warden', 'yes', 'off'],
  ])
    test(`${name} has the error of the system, and starts again afterwards`, async (t) => {
      const folder = packageFor(t)
      const servers = { it: { command: 'cat' } }
      writeFileSync(join(folder, 'mcporter.json'), JSON.stringify({ mcpServers: servers }))
      const [command, ...options] = AS_USER
      const args = [process.execPath, '--eval', PROGRAM, folder, hasRun]
      const child = spawn(command, [...options, ...args], {
        env: { ...process.env, PROCWARD_WARDEN: warden },
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      t.after(() => child.kill('SIGKILL'))
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
      const { outcomes, active } = JSON.parse((await lines.next()).value)
      assert.deepEqual(outcomes, {
        run: NOT_STARTED,
        spawn: NOT_STARTED,
        ...(hasRun && OF_THE_HELPER),
      })
      assert.equal(active, 0)
      raiseLimit(child.pid)
      const exited = once(child, 'exit')
      child.stdin.write('go on\n')
      assert.equal((await lines.next()).value, 'OK')
      assert.deepEqual(await exited, [0, null])
    })
})

/** Makes each thing that needs threads as the first one, at the limit. */
const FIRST_USES = `
  const { execFileSync } = require('node:child_process')
  const { readFile } = require('node:fs/promises')
  const [folder] = process.argv.slice(1)
  const { McpPool, ProcessPool, getMetrics } = require(folder)
  const { createMcpHelper } = require(folder + '/lib/mcp-helper.js')
  const codeOf = (use) => {
    try {
      use()
      return 'none'
    } catch ({ code, message }) {
      return code + ': ' + message
    }
  }
  ;(async () => {
    await readFile(__filename).catch(() => {})
    execFileSync('prlimit', ['--pid', String(process.pid), '--nproc=1:1'])
    console.log(JSON.stringify({
      helper: codeOf(() => createMcpHelper()),
      automatic: codeOf(() => createMcpHelper({ maxConcurrent: 'auto' })),
      pool: codeOf(() => new McpPool()),
      workers: codeOf(() => new ProcessPool({ command: 'cat' })),
      metrics: codeOf(getMetrics),
    }))
    process.exit()
  })()`

test('a first use at the limit has a stable code', { skip: noOtherUser }, (t) => {
  const [command, ...options] = AS_USER
  const args = [process.execPath, '--eval', FIRST_USES, packageFor(t)]
  const codes = JSON.parse(execFileSync(command, [...options, ...args], { encoding: 'utf8' }))
  assert.deepEqual(Object.keys(codes), ['helper', 'automatic', 'pool', 'workers', 'metrics'])
  for (const [use, code] of Object.entries(codes))
    assert.match(code, /^ERR_PROCESS_LIMIT: the limit of processes, threads or open files/, use)
})

/** Raises the limit of a process to its hard limit. @param {number} pid */
function raiseLimit(pid) {
  const [command, ...options] = AS_USER
  const nproc = (...args) =>
    execFileSync(command, [...options, 'prlimit', '--pid', String(pid), ...args], {
      encoding: 'utf8',
    })
  const most = nproc('--nproc', '--output=HARD', '--noheadings', '--raw').trim()
  nproc(`--nproc=${most}:`)
}
