// The number of processes among active calls, which alerts and the health routes use.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import activeProcess from '../lib/active-process.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { oddServer, temporaryFolder, writeConfig } from './fixtures/mcp-servers.mjs'
import { until } from './support/until.mjs'

const { asSharing, countProcesses } = activeProcess
const calls = (...pids) => pids.map((pid) => ({ pid, server: 's', tool: 't' }))

describe('the number of processes', () => {
  test("in a helper's list counts a shared process once, and a call over HTTP not at all", () => {
    assert.equal(countProcesses(asSharing(calls(7, 7, 8, null, null))), 2)
    assert.equal(countProcesses(asSharing([])), 0)
  })

  test("in the list of a user's own helper is that of the entries", () => {
    assert.equal(countProcesses(calls(1, 1, 1, null, undefined)), 5)
  })

  test('of three calls to one session is one', async (t) => {
    const folder = temporaryFolder()
    const configPath = writeConfig(folder, { odd: oddServer })
    const helper = createMcpHelper({ configPath, transport: 'pool' })
    t.after(() => helper.shutdown())
    const stop = new AbortController()
    const hangs = [1, 2, 3].map((at) =>
      helper.callToolAsync('odd', 'hang', { file: `${folder}/${at}` }, { signal: stop.signal }),
    )
    const sent = () => helper.getActiveProcesses().filter(({ waitsFor }) => !waitsFor)
    await until(() => sent().length === 3)
    assert.equal(countProcesses(helper.getActiveProcesses()), 1)
    stop.abort()
    await Promise.allSettled(hangs)
  })
})
