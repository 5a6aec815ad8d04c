// `procward top`: block after block, or over itself on a terminal.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { healthRouter } from 'procward/health'
import { deadUrl, listening, procward } from './support/cli.mjs'
import { isAlive } from './support/processes.mjs'

const stats = {
  isRunning: false,
  interval: 60000,
  maxAge: 300000,
  stats: { scans: 0, killed: 0, errors: 0 },
}
const source = {
  helper: {
    getSemaphoreStatus: () => ({ maxConcurrent: 3, current: 0, queued: 0, available: 3 }),
    getActiveProcesses: () => [],
  },
  cleanup: { getStats: () => ({ ...stats, scope: 'tree', lastScan: null }) },
}
const noTerminal =
  spawnSync('script', ['--version']).status === 0
    ? false
    : "needs util-linux's script for a terminal"
const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'

test('without a terminal it writes the given number of blocks without codes', async (t) => {
  const url = await listening(t, healthRouter(source))
  const args = ['top', '--count', '2', '--interval', '1', '--url', url]
  const { code, stdout, stderr } = await procward(args)
  assert.deepEqual([code, stderr], [0, ''])
  assert.equal(stdout.split(`${url}  ready\n`).length, 3)
  assert.ok(!stdout.includes('\u001b'))
})

test('without a server it shows the local processes', async () => {
  const { code, stdout } = await procward(['top', '--count', '1'])
  assert.equal(code, 0)
  assert.match(stdout, /^no server asked\n\n/)
})

test('as JSON, one document a line', async (t) => {
  const url = await listening(t, healthRouter(source))
  const { stdout } = await procward([
    'top',
    '--count',
    '2',
    '--interval',
    '1',
    '--url',
    url,
    '--json',
  ])
  const documents = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(documents.length, 2)
  for (const { schemaVersion, command, time, server, processes } of documents) {
    assert.deepEqual([schemaVersion, command, server.url, server.ready], [1, 'top', url, true])
    assert.ok(time > 0 && Array.isArray(processes))
  }
})

test('a named server must answer at first, and later its absence is shown', async (t) => {
  assert.equal((await procward(['top', '--url', await deadUrl()])).code, 3)
  const router = healthRouter(source)
  let looks = 0
  const url = await listening(t, (req, res) => {
    if (req.url === '/processes') looks++
    return looks > 1 ? req.socket.destroy() : router(req, res)
  })
  const { code, stdout } = await procward(['top', '--count', '2', '--interval', '1', '--url', url])
  assert.equal(code, 0)
  assert.match(stdout, /ready\n(.*\n)*\ncannot reach http:.*\n/)
})

test('SIGINT ends it with exit code 130', async () => {
  let pid
  const outcome = procward(['top', '--interval', '60'], {
    onStart: (child) => {
      pid = child.pid
      child.stdout.once('data', () => child.kill('SIGINT'))
    },
  })
  assert.equal((await outcome).code, 130)
  assert.ok(!isAlive(pid))
})

/**
 * Runs it on a terminal, and types when the first frame is there.
 * @param {string} keys
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 */
function onTerminal(keys, args, env) {
  const command = `stty rows 10 cols 60; exec "$NODE" "$PROCWARD" ${args.join(' ')}`
  // `script` gives it a terminal, and its exit code back.
  const wrapper = [
    'sh',
    '-c',
    `NODE=$1 PROCWARD=$2 exec script --quiet --return --command '${command}' /dev/null`,
    'sh',
  ]
  return procward([], {
    env: { TERM: 'xterm', ...env },
    wrapper,
    onStart(child) {
      let shown = ''
      child.stdout.on('data', (text) => {
        shown += text
        if (!shown.includes('\u001b[J')) return
        shown = ''
        child.stdin.write(keys)
      })
    },
  })
}

test('on a terminal it has its own screen, fits its lines, and restores everything', {
  skip: noTerminal,
}, async () => {
  for (const [keys, expected] of [
    ['q', 0],
    ['\u0003', 130],
  ]) {
    const { code, stdout } = await onTerminal(String(keys), ['top', '--interval', '60'])
    assert.equal(code, expected)
    assert.ok(stdout.includes(ENTER) && stdout.trimEnd().endsWith(LEAVE), JSON.stringify(stdout))
    const [frame] = stdout.slice(stdout.indexOf('\u001b[H') + 3).split('\u001b[J', 1)
    const lines = frame.trimEnd().split('\r\n')
    assert.ok(lines.length < 10)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal codes
    const widths = lines.map((line) => line.replace(/\u001b\[[\d;]*[mK]/g, '').length)
    assert.ok(Math.max(...widths) <= 60, frame)
  }
})

test('NO_COLOR keeps the screen and removes the colours', { skip: noTerminal }, async () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal codes
  const COLOR = /\u001b\[\d+m/
  assert.match((await onTerminal('', ['top', '--count', '1'])).stdout, COLOR)
  const { stdout } = await onTerminal('', ['top', '--count', '1'], { NO_COLOR: '1' })
  assert.ok(stdout.includes(ENTER))
  assert.doesNotMatch(stdout, COLOR)
})
