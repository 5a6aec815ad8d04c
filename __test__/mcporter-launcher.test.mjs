import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import exitCodes from '../lib/mcporter/exit-codes.js'
import { mcporter, oddServer, temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'

const LAUNCHER = fileURLToPath(new URL('../lib/mcporter/launcher.mjs', import.meta.url))
const folder = temporaryFolder()
const config = writeConfig(folder, { odd: oddServer })

/**
 * Runs mcporter as the helper does.
 * @param {string[]} args
 * @param {{ library?: string }} [found]
 */
function launch(args, found = mcporter) {
  const input = JSON.stringify({ script: mcporter.script, library: found.library, args, exitCodes })
  return spawnSync(process.execPath, [LAUNCHER], { input, encoding: 'utf8' })
}

/** @param {string} tool @param {object} args */
function callOf(tool, args) {
  return [
    'call',
    '--config',
    config,
    '--server',
    'odd',
    '--tool',
    tool,
    '--args',
    JSON.stringify(args),
    '--output',
    'json',
  ]
}

test('a result', () => {
  const { status, stdout, stderr } = launch(callOf('text', { text: '{"a":1}' }))
  assert.deepEqual(
    { status, value: JSON.parse(stdout), stderr },
    { status: exitCodes.TOOL_RESULT, value: { a: 1 }, stderr: '' },
  )
})

test('an error that mcporter prints like a result', () => {
  const { status, stdout } = launch(callOf('json-error', {}))
  assert.equal(status, exitCodes.TOOL_ERROR)
  assert.deepEqual(JSON.parse(stdout), { reason: 'no such campaign' })
})

test('an unknown tool is not replaced by a similar name, unlike in mcporter alone', () => {
  const file = join(folder, 'watched')
  const { status, stdout } = launch(callOf('appen', { file }))
  assert.equal(existsSync(file), false)
  assert.equal(status, 0)
  assert.match(stdout, /Tool appen not found/)

  const other = join(folder, 'not-watched')
  launch(callOf('appen', { file: other }), { library: undefined })
  assert.equal(existsSync(other), true)
})

test('mcporter works even if its library cannot be instrumented', () => {
  const library = fileURLToPath(new URL('fixtures/random.mjs', import.meta.url))
  const { status, stdout } = launch(callOf('text', { text: 'plain' }), { library })
  assert.equal(status, 0)
  assert.deepEqual(JSON.parse(stdout), { content: [{ type: 'text', text: 'plain' }] })
})

test('a slow reader gets all of a long answer, although mcporter exits at once', {
  skip: process.platform === 'win32' && 'needs a shell',
}, () => {
  const text = 'x'.repeat(1_000_000)
  const input = JSON.stringify({ ...mcporter, exitCodes, args: callOf('text', { text }) })
  const reader = 'node "$1" | { head -c 1; sleep 1; cat; }'
  const { stdout } = spawnSync('sh', ['-c', reader, 'sh', LAUNCHER], {
    input,
    encoding: 'utf8',
    maxBuffer: 10_000_000,
  })
  assert.equal(JSON.parse(stdout).content[0].text.length, text.length)
})

test("any other command keeps mcporter's exit code", () => {
  const broken = launch(['config', '--config', join(folder, 'none.json'), 'list', '--json'])
  assert.equal(broken.status, 1)
  const listed = launch(['config', '--config', config, 'list', '--json'])
  assert.equal(listed.status, 0)
  assert.deepEqual(
    JSON.parse(listed.stdout).servers.map(({ name }) => name),
    ['odd'],
  )
})
