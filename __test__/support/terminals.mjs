// A command with a real terminal, which `script` of util-linux makes.

import { spawn, spawnSync } from 'node:child_process'

/** Why there is no terminal for tests here, or `false`: for a test's `skip`. */
export const noTerminal =
  process.platform === 'linux' && spawnSync('script', ['--version']).status === 0
    ? false
    : 'needs script of util-linux'

/** What the keys of a terminal send. */
export const KEYS = { interrupt: '\x03', suspend: '\x1a', endOfFile: '\x04' }

/**
 * Runs a command in a terminal of its own.
 * @param {string[]} command
 * @param {import('node:test').TestContext} t
 */
export function inTerminal(command, t) {
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn('script', ['-qefc', `exec ${quoted}`, '/dev/null'], {
    env: { ...env, SHELL: '/bin/sh' },
  })
  t.after(() => child.kill('SIGKILL'))
  const terminal = {
    output: '',
    /** @param {string} keys */
    type: (keys) => child.stdin.write(keys),
    /** @type {Promise<number | null>} the exit code of the command */
    exit: new Promise((resolve) => child.on('close', resolve)),
  }
  child.stdout.setEncoding('utf8').on('data', (text) => {
    terminal.output += text
  })
  return terminal
}
