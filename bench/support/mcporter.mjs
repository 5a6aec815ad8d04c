// mcporter's own ways: a process a call, and its daemon that keeps servers alive, with one more
// process a call.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const script = fileURLToPath(new URL('../node_modules/mcporter/dist/cli.js', import.meta.url))

/** @param {{ command: string, args: string[] }} server @param {{ keepAlive: boolean }} options */
export function mcporterCalls(server, { keepAlive }) {
  const folder = mkdtempSync(join(tmpdir(), 'procward-bench-'))
  const config = join(folder, 'mcporter.json')
  const lifecycle = keepAlive ? 'keep-alive' : 'ephemeral'
  writeFileSync(
    config,
    JSON.stringify({ imports: [], mcpServers: { everything: { ...server, lifecycle } } }),
  )
  // A state folder of its own, so that no daemon of this user is used, and none is left for them.
  const env = {
    ...process.env,
    HOME: folder,
    USERPROFILE: folder,
    MCPORTER_DAEMON_DIR: join(folder, 'daemon'),
  }
  const mcporter = (...args) =>
    run(process.execPath, [script, '--config', config, ...args], { env })
  return {
    async echo(message) {
      const { stdout } = await mcporter(
        'call',
        'everything.echo',
        '--args',
        JSON.stringify({ message }),
        '--output',
        'json',
      )
      return JSON.parse(stdout)
    },
    async close() {
      if (keepAlive) await mcporter('daemon', 'stop')
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
