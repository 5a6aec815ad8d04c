// `procward logs`: the failed calls of a real helper, and whatever else may answer.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { healthRouter } from 'procward/health'
import { createMcpHelper } from 'procward/mcp-helper'
import { documentOf, listening, procward } from './support/cli.mjs'
import { hostileServer } from './support/hostile.mjs'
import { noProcessList, nothingLeft } from './support/processes.mjs'

const TOKEN = 'correct-horse-battery-staple'

test('lists failed calls with their reason, the newest last', async (t) => {
  const helper = createMcpHelper({ servers: { it: hostileServer() }, transport: 'pool' })
  t.after(async () => {
    await helper.shutdown()
    if (!noProcessList) await nothingLeft()
  })
  const url = await listening(t, healthRouter({ helper }))
  const empty = await procward(['logs', '--url', url])
  assert.deepEqual([empty.code, empty.stdout, empty.stderr], [0, 'no failed calls\n', ''])
  await assert.rejects(helper.callToolAsync('it', 'error of the tool'))
  await assert.rejects(helper.callToolAsync('it', 'error'))

  const { code, stdout, stderr } = await procward(['logs', '--url', url])
  assert.deepEqual([code, stderr], [0, ''])
  const lines = stdout.trimEnd().split('\n')
  assert.match(
    lines[0],
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}it error of the tool {2}ERR_TOOL after [\d.]+ m?s$/,
  )
  assert.equal(lines[1], `${' '.repeat(10)}the tool reported an error: slow down`)
  assert.match(lines[2], / {2}it error {2}ERR_MCP after /)
  assert.equal(lines.at(-1), '2 failed calls')

  for (const command of [['status'], ['top', '--count', '1']]) {
    const { stdout } = await procward([...command, '--url', url])
    const words =
      /^failed {4}2 calls within 5 min, the latest it error: ERR_MCP; see npx procward logs$/m
    assert.match(stdout, words)
  }

  const last = await procward(['logs', '--count', '1', '--url', url])
  assert.match(last.stdout, /ERR_MCP[\s\S]*\n1 failed call of 2\n$/)
  assert.doesNotMatch(last.stdout, /ERR_TOOL/)
  const document = documentOf(await procward(['logs', '--json', '--url', url]))
  assert.deepEqual(
    [document.command, document.url, document.failures.map(({ code }) => code)],
    ['logs', url, ['ERR_TOOL', 'ERR_MCP']],
  )
})

test('with a token shows reasons, and says why there is nothing without it', async (t) => {
  const url = await listening(t, healthRouter({ token: TOKEN }))
  const refused = await procward(['logs', '--url', url])
  assert.deepEqual([refused.code, /PROCWARD_TOKEN/.test(refused.stderr)], [3, true])
  const { code, stdout } = await procward(['logs', '--url', url], {
    env: { PROCWARD_TOKEN: TOKEN },
  })
  assert.equal(code, 0)
  assert.match(stdout, /slow down/)
})

test('says that a server hides the reasons, and shows no control characters', async (t) => {
  const failure = { time: 0, server: 'a\u001b[31mb', tool: 'c', code: 'ERR_X', duration: 1500 }
  const failures = [{ ...failure, secret: 'hunter2' }]
  const url = await listening(t, (_req, res) => res.end(JSON.stringify({ failures })))
  const { code, stdout, stderr } = await procward(['logs', '--url', url], { env: { TZ: 'UTC' } })
  assert.equal(code, 0)
  assert.equal(stdout, '1970-01-01 00:00:00  ab c  ERR_X after 1.5 s\n1 failed call\n')
  assert.match(
    stderr,
    /^procward: the server shows reasons only with a token, or on its own machine\n$/,
  )
})

test('writes equal failures in a row once, with their number', async (t) => {
  const failure = { server: 'a', tool: 'b', code: 'ERR_QUEUE_TIMEOUT', duration: 60_000 }
  const failures = [
    { ...failure, time: 5000, code: 'ERR_X' },
    ...[4000, 3000, 2000].map((time) => ({ ...failure, time })),
    { ...failure, time: 1000, message: 'another' },
    { ...failure, time: 0 },
  ]
  const url = await listening(t, (_req, res) => res.end(JSON.stringify({ failures })))
  const env = { TZ: 'UTC', COLUMNS: '200' }
  const { stdout } = await procward(['logs', '--url', url], { env })
  assert.deepEqual(stdout.trimEnd().split('\n'), [
    '1970-01-01 00:00:00  a b  ERR_QUEUE_TIMEOUT after 1 min 0 s',
    '1970-01-01 00:00:01  a b  ERR_QUEUE_TIMEOUT after 1 min 0 s',
    '          another',
    '1970-01-01 00:00:04  a b  ERR_QUEUE_TIMEOUT after 1 min 0 s, 3 times since 1970-01-01 00:00:02',
    '1970-01-01 00:00:05  a b  ERR_X after 1 min 0 s',
    '6 failed calls',
  ])
  const document = documentOf(await procward(['logs', '--json', '--url', url]))
  assert.equal(document.failures.length, 6)
})

for (const answer of [
  '{}',
  '{"failures":5}',
  '{"failures":[null]}',
  '{"failures":[{"time":"x","server":"a","tool":"b","code":"c"}]}',
  '{"failures":[{"time":8e15,"server":1,"tool":"b","code":"c"}]}',
  'no JSON',
])
  test(`refuses ${answer}`, async (t) => {
    const url = await listening(t, (_req, res) => res.end(answer))
    const { code, stdout, stderr } = await procward(['logs', '--url', url])
    assert.deepEqual([code, stdout], [3, ''])
    assert.match(stderr, /answers, but not as procward's health routes do/)
  })
