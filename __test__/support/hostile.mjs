// Pools of servers that break the rules.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { McpPool } from '../../index.js'
import { temporaryFolder } from '../fixtures/mcp-servers.mjs'

const script = fileURLToPath(new URL('../fixtures/hostile-server.mjs', import.meta.url))

/**
 * How to start a server of this manner; with a file, it notes its calls there.
 * @param {string} [manner]
 * @param {string} [file]
 */
export function hostileServer(manner = '', file = '') {
  return { command: process.execPath, args: [script, manner, file] }
}

/**
 * A pool with the server `it`, closed when the work is done, whatever becomes of that.
 * @template T
 * @param {string} manner
 * @param {(pool: McpPool) => Promise<T>} work
 * @param {object}
 * [options] of the pool
 */
export async function withHostile(manner, work, options = {}) {
  const pool = new McpPool({ servers: { it: hostileServer(manner) }, killGrace: 200, ...options })
  try {
    return await work(pool)
  } finally {
    await pool.close()
  }
}

/** A file that servers note their calls in. */
export function callLog() {
  const file = join(temporaryFolder(), 'calls')
  return {
    file,
    /** The keys of all calls that were seen, in their order. @returns {string[]} */
    seen: () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []),
  }
}

/** A gate for the tool `gate`: its calls are answered once the gate is open. */
export function closedGate() {
  const gate = join(temporaryFolder(), 'gate')
  return { gate, open: () => writeFileSync(gate, '') }
}

/** What a tool said. @param {{ content: { text: string }[] }} result */
export function said({ content: [{ text }] }) {
  return text
}
