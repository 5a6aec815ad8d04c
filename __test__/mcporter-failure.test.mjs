import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unknownServer, unknownTool } from '../lib/mcp/failure.js'
import failure from '../lib/mcporter/failure.js'

const call = { server: 's'.repeat(1000), tool: 't'.repeat(1000), timeout: 1 }
const names = Array.from({ length: 1000 }, (_, index) => `${index}${'x'.repeat(1000)}`)
const long = 'y'.repeat(100_000)

for (const [name, error] of [
  ['unknown server', unknownServer(call, { names, ignored: [{ file: 'f', problem: long }] })],
  ['unknown tool', unknownTool(call, names, { insteadOf: 'x.y' })],
  [
    'tool error',
    failure.toolError(call, { content: [{ text: long }, { text: long }], isError: true }),
  ],
  [
    'mcporter',
    failure.mcporterFailed(
      call,
      { exitCode: 1, stdout: long, stderr: long },
      { message: long, stderr: long },
    ),
  ],
]) {
  test(`the message stays readable for any text of a server: ${name}`, () => {
    assert.ok(error.message.length < 4000, `${error.message.length}`)
    assert.match(error.message, /^MCP call s{100}…\.t{100}…: /)
    assert.ok((error.stderr ?? '').length <= 2000)
  })
}

test('names: the first twenty, and how many more', () => {
  const few = { server: 's', tool: 't', timeout: 1 }
  const many = Array.from({ length: 22 }, (_, index) => `n${index}`)
  assert.match(unknownServer(few, { names: many }).message, /; there are: n0, .*, n19 and 2 more$/)
  assert.match(unknownServer(few, { names: [] }).message, /configuration$/)
})

for (const [name, kind, issue, expected] of [
  ['over HTTP that wants a sign-in', 'http', 'auth', 'ERR_UNAUTHORIZED'],
  ['over HTTP that is away', 'http', 'offline', 'ERR_MCPORTER'],
  ['that is a program, whose words mcporter takes for a refusal', 'stdio', 'auth', 'ERR_MCPORTER'],
]) {
  test(`a server ${name} gives ${expected}`, () => {
    const failed = { message: 'no', issue: { kind: issue }, stderr: '' }
    const error = failure.mcporterFailed({ server: 's', tool: 't' }, { exitCode: 1 }, failed)
    const routes = [{ name: 's', description: { transport: { kind } } }]
    const { code, command, message } = failure.explained(error, { server: 's', routes })
    const isSignIn = expected === 'ERR_UNAUTHORIZED'
    assert.equal(code, expected)
    assert.equal(command, isSignIn ? 'mcporter auth s' : undefined)
    assert.equal(message, `MCP call s.t: no${isSignIn ? '; sign in with: mcporter auth s' : ''}`)
  })
}
