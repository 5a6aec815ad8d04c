// README's `server.js`, run as it stands there but for one more route: both signals end the server,
// and nothing is left of it.

import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './fixtures/mcp-servers.mjs'
import { alive, descendants, noProcessList } from './fixtures/processes.mjs'
import { startApp } from './support/app-server.mjs'
import { until } from './support/until.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const [, server = ''] = /^```js server\.js\n(.*?)^```$/ms.exec(readme) ?? []
const START = 'cleanup.start()'
/** A call that takes as long as asked. */
const ROUTE = `
const { run } = require('procward')
app.get('/sleep/:seconds', async (req, res) => {
  const code = await run('sleep', [req.params.seconds]).then(() => 'slept', (error) => error.code)
  setTimeout(() => res.send(code), 50)
})
`
const app = temporaryFolder()

mkdirSync(join(app, 'node_modules'))
symlinkSync(root, join(app, 'node_modules', 'procward'), 'junction')
symlinkSync(join(root, 'node_modules', 'express'), join(app, 'node_modules', 'express'), 'junction')
assert.ok(server.includes(START), 'README has no server.js')
writeFileSync(join(app, 'server.js'), server.replace(START, ROUTE + START))

describe("README's server.js", { skip: noProcessList }, () => {
  for (const [signal, seconds, expected] of [
    ['SIGTERM', '1', 'slept'],
    ['SIGINT', '60', 'ERR_CLOSED'],
  ])
    test(`${signal} stops it, and a running call gets its answer: ${expected}`, async (t) => {
      const { server, exited, url } = await startApp(t, 'server.js', {
        cwd: app,
        env: { ...process.env, PORT: '0' },
      })
      assert.equal((await fetch(`${url}/api/health`)).status, 200)
      // A stream that stays open, as a dashboard's does.
      const stream = await fetch(`${url}/api/health/events`, {
        headers: { accept: 'text/event-stream' },
      })
      const answer = fetch(`${url}/sleep/${seconds}`).then((response) => response.text())
      const tree = await until(() => {
        const started = descendants(server.pid)
        return started.some((process) => commandOf(process) === 'sleep') && started
      })
      server.kill(signal)
      assert.equal(await answer, expected)
      assert.deepEqual(await exited, [0, null])
      await until(() => alive(tree).length === 0)
      await stream.body.cancel().catch(() => {})
    })
})

/** @param {string} process as `descendants()` names it */
function commandOf(process) {
  try {
    return readFileSync(`/proc/${process.split('@')[0]}/comm`, 'utf8').trim()
  } catch {
    return undefined
  }
}

/** Alertmanager's own. */
const OTHERS = ['9093']

test('one port stands for the server in all documents and in the command line', () => {
  const documents = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
  const files = [
    'README.md',
    'lib/cli/help.js',
    'lib/cli/server.js',
    'examples/ad-ops/README.md',
    'examples/ad-ops/server.js',
    'examples/ad-ops/lifecycle-demo.js',
    ...documents.map((name) => `docs/${name}`),
  ]
  const texts = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n')
  const ports = [
    ...texts.matchAll(/\b(?:localhost|127\.0\.0\.1):(\d+)|PORT \|\| (\d+)|\bport = (\d+)/g),
  ]
  const found = ports
    .map(([, ...groups]) => groups.find(Boolean))
    .filter((port) => !OTHERS.includes(port))
  assert.ok(found.length > 8)
  assert.deepEqual([...new Set(found)], ['3002'])
})
