// A server of an app, in a process of its own, on a free port of loopback.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const loopback = new URL('loopback.mjs', import.meta.url).href

/**
 * Starts the server, and waits until it listens. It is killed in the end, whatever becomes of the
 * test.
 * @param {import('node:test').TestContext} t
 * @param {string} file
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 */
export async function startApp(t, file, { cwd, env }) {
  const server = spawn(process.execPath, ['--import', loopback, file], {
    ...{ cwd, env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => server.kill('SIGKILL'))
  const exited = once(server, 'exit')
  const line = once(createInterface({ input: server.stdout }), 'line')
  const [words] = await Promise.race([line, exited.then(([code]) => [`it exited with ${code}`])])
  const [, port] = /^port (\d+)$/.exec(words) ?? []
  assert.ok(port, words)
  return { server, exited, url: `http://127.0.0.1:${port}` }
}
