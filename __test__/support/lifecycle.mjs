// The calls of the lifecycle demo, without its output.

import { randomBytes } from 'node:crypto'
import { AdOpsClient } from '../../examples/ad-ops/demo/ad-ops-client.js'
import { campaign } from '../../examples/ad-ops/demo/campaign.js'
import { Progress } from '../../examples/ad-ops/demo/progress.js'
import { run } from '../../examples/ad-ops/demo/run.js'

/**
 * Makes the demo's 44 calls, eleven at a time.
 * @param {import('../../examples/ad-ops/demo/server-process.js').ServerProcess} server
 */
export function lifecycle(server) {
  const { signal } = new AbortController()
  const client = new AdOpsClient(server.url, signal)
  const { callTool } = client
  const kept = async () => (await client.processHealth()).pool.sessions.map(({ pid }) => pid)
  const progress = new Progress({ isTTY: false, write: () => {} }, 'lifecycle', 44)
  const phases = campaign(randomBytes(3).toString('hex'))
  return run({ phases, callTool, watched: { root: server.pid, kept }, progress, signal })
}
