import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { oddServer, writeConfig } from './fixtures/mcp-servers.mjs'
import { until } from './support/until.mjs'
import { batch, isAlive, noWindows, pidFolder } from './support/windows.mjs'

describe('an MCP server behind a batch file, as npx is one', { skip: noWindows }, () => {
  for (const transport of ['pool', 'mcporter'])
    test(`through ${transport}: it answers, and is terminated as a whole tree`, async (t) => {
      const pids = pidFolder(t)
      const odd = { command: batch(pids, 'shim'), args: oddServer.args }
      const helper = createMcpHelper({ configPath: writeConfig(pids.folder, { odd }), transport })
      const args = { 'a "b" & %OS%': ['c d'] }
      const { content } = await helper.callToolAsync('odd', 'reflect', args)
      assert.equal(content[0].text, `received ${JSON.stringify(args)}`)

      const file = join(pids.folder, 'hang')
      const call = helper.callToolAsync('odd', 'hang', { file })
      const refused = assert.rejects(call, (error) => typeof error.code === 'string')
      await until(() => existsSync(file) && readFileSync(file, 'utf8') !== '')
      const members = JSON.parse(readFileSync(file, 'utf8'))
      assert.deepEqual(members.map(isAlive), [true, true])
      await helper.shutdown()
      await refused
      assert.deepEqual(members.map(isAlive), [false, false])
    })
})
