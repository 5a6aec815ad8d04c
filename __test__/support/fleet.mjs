// Helpers that share the limits of a fleet. Each helper stands for a process.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createMcpHelper } from '../../lib/mcp-helper.js'
import { oddServer, temporaryFolder, writeConfig } from '../fixtures/mcp-servers.mjs'
import { until } from './until.mjs'

/** The shortest lease that fits the grace of the kill, in ms. */
export const LEASE = 2000
const KILL_GRACE = 100

/**
 * Returns what makes and uses helpers.
 * @param {Record<string, object>} [servers] further ones
 */
export function fleet(servers) {
  const folder = temporaryFolder()
  const configPath = writeConfig(folder, { one: oddServer, two: oddServer, ...servers })
  return { folder, configPath, helperOf, holding, text }

  /**
   * Makes a helper that is shut down after the test.
   * @param {import('node:test').TestContext} t
   * @param {string} url
   * @param {import('../../lib/mcp-helper').McpHelperOptions} [options]
   */
  function helperOf(t, url, options) {
    Object.assign(process.env, { MCP_LIMIT_URL: url, MCP_LIMIT_LEASE: String(LEASE) })
    try {
      const helper = createMcpHelper({
        configPath,
        transport: 'pool',
        killGrace: KILL_GRACE,
        ...options,
      })
      t.after(() => helper.shutdown())
      return helper
    } finally {
      delete process.env.MCP_LIMIT_URL
      delete process.env.MCP_LIMIT_LEASE
    }
  }

  /** A call that holds its slots until it is aborted; resolves when its server has it. */
  async function holding(helper, server, options) {
    const controller = new AbortController()
    const file = join(folder, `${server}-${Math.random()}`)
    const { signal } = controller
    const call = helper.callToolAsync(server, 'hang', { file }, { signal, ...options })
    // A test may look at the outcome, or not.
    call.catch(() => {})
    await until(() => existsSync(file))
    return {
      call,
      file,
      end: () => {
        controller.abort()
        return assert.rejects(call, { code: 'ABORT_ERR' })
      },
    }
  }

  function text(helper, server, options) {
    return helper.callToolAsync(server, 'text', { text: '1' }, options)
  }
}

/** The counts of a helper's calls. */
export function counts(helper) {
  const { current, queued, available, limitedBy, reach } = helper.getSemaphoreStatus()
  return { current, queued, available, limitedBy, reach }
}

/** Waits until a helper's place in the fleet has this mode. */
export function inMode(mode, ...helpers) {
  return until(() => helpers.every((helper) => helper.getSemaphoreStatus().fleet?.mode === mode))
}
