// On a terminal all lines fit its width, and no word is lost by that.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bin, listening, procward } from './support/cli.mjs'
import { inTerminal, noTerminal } from './support/terminals.mjs'

const failure = {
  time: 0,
  server: 'a-server-with-a-name-of-many-letters',
  tool: 'and_a_tool_with_a_name_of_many_letters',
  code: 'ERR_SERVER_UNAVAILABLE',
  duration: 1500,
  message: 'the server failed too often to be started again, '.repeat(4).trim(),
}

/** Runs the command on a terminal of so many columns, and returns its lines without codes. */
async function linesOn(t, columns, args) {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const words = [process.execPath, bin, ...args].map((word) => `"${word}"`).join(' ')
  const settings = Object.entries({ PROCWARD_ANNOUNCE: 'off', TZ: 'UTC', HOME: env.HOME ?? '/' })
  const variables = settings.map(([name, value]) => `${name}=${value}`).join(' ')
  const script = `stty cols ${columns} rows 24; ${variables} exec ${words}`
  const terminal = inTerminal(['sh', '-c', script], t)
  await terminal.exit
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal codes
  const text = terminal.output.replace(/\u001b\[[\d;]*m/g, '')
  return text.trimEnd().split('\r\n')
}

for (const [what, args] of /** @type {[string, string[]][]} */ ([
  ['help', ['help', 'ps']],
  ['doctor', ['doctor']],
  ['an error', ['status', '--url', 'http://127.0.0.1:1/a/path/of/many/letters/and/more/health']],
  ['logs', ['logs', '--url']],
]))
  test(`${what} fits 50 columns`, { skip: noTerminal }, async (t) => {
    const url = await listening(t, (_req, res) => res.end(JSON.stringify({ failures: [failure] })))
    const whole = args.at(-1) === '--url' ? [...args, url] : args
    const lines = await linesOn(t, 50, whole)
    assert.deepEqual(
      lines.filter((line) => line.length > 50),
      [],
    )
    assert.ok(lines.length > 2, 'lines were wrapped')
    const { stdout, stderr } = await procward(whole, { env: { TZ: 'UTC' } })
    // A word longer than the line is broken, so letters are compared.
    const letters = (/** @type {string} */ text) => text.replace(/[\s\d.]+/g, '')
    assert.equal(letters(lines.join('')), letters(stdout + stderr))
  })
