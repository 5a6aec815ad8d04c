// The real command, in a process of its own.

import { spawn } from 'node:child_process'
import http from 'node:http'
import { fileURLToPath } from 'node:url'

export const bin = fileURLToPath(new URL('../../bin/procward.js', import.meta.url))
/** The ms after which a hanging command is killed; no measurement. */
const timeout = 60_000

/**
 * How `procward` ended, and what it wrote.
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, cwd?: string, wrapper?: string[], onStart?: (child:
 *   import('node:child_process').ChildProcess) => void }} [options]
 * `wrapper` is a command that runs it, with its arguments
 * @returns {Promise<{ code: number | null, signal: string | null, stdout: string, stderr: string
 *   }>}
 */
export function procward(args, { env = {}, cwd, wrapper = [], onStart = () => {} } = {}) {
  const [command, ...rest] = [...wrapper, process.execPath, bin, ...args]
  const child = spawn(command, rest, {
    cwd,
    env: { ...plainEnvironment(), ...env },
    timeout,
    killSignal: 'SIGKILL',
  })
  onStart(child)
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

/** The document of `--json`. @param {{ stdout: string }} outcome */
export function documentOf({ stdout }) {
  return JSON.parse(stdout)
}

/** Nothing in it that means something to the command, which looks for no servers of other tests. */
function plainEnvironment() {
  const { NO_COLOR, FORCE_COLOR, PROCWARD_URL, PROCWARD_TOKEN, NODE_TEST_CONTEXT, ...env } =
    process.env
  return { ...env, PROCWARD_ANNOUNCE: 'off' }
}

/**
 * The URL of an HTTP server on the loopback address, which is gone after the test.
 * @param {import('node:test').TestContext} t
 * @param {http.RequestListener} listener
 */
export async function listening(t, listener) {
  const server = http.createServer(listener)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`
}

/** A URL without a listener. */
export async function deadUrl() {
  const server = http.createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}
