// Nothing that is shown anywhere gives a secret away: not the ones on command lines, in
// environments, in the names of working directories, in what tools are given, and in what they
// answer.

import assert from 'node:assert/strict'
import diagnosticsChannel from 'node:diagnostics_channel'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { getMetrics, spawn, startAlerts } from '../index.js'
import diagnostics from '../lib/diagnostics.js'
import { healthRouter } from '../lib/health.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import { procward } from './support/cli.mjs'
import { hostileServer, said } from './support/hostile.mjs'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'
import { until } from './support/until.mjs'

const sleeper = fileURLToPath(new URL('fixtures/sleeper.mjs', import.meta.url))
const SECRETS = Object.fromEntries(
  ['argv', 'env', 'cwd', 'argument', 'answer', 'webhook'].map((where) => [
    where,
    `hunter2-${where}-0123456789`,
  ]),
)

afterEach(assertNothingLeft)

test('no endpoint, page, metric, message or command gives a secret away', {
  skip: noProcessList,
}, async () => {
  const told = []
  const hear = (message, name) => told.push([name, message])
  const names = Object.values(diagnostics.channels).map(({ name }) => name)
  for (const name of names) diagnosticsChannel.subscribe(name, hear)
  const cwd = mkdtempSync(join(tmpdir(), `procward-${SECRETS.cwd}-`))
  const { command, args } = hostileServer('', `--api-key=${SECRETS.argv}`)
  const given = { cwd, env: { API_KEY: SECRETS.env } }
  const helper = createMcpHelper({
    servers: { it: { command, args: [args[0], '', '', args[2]], ...given } },
  })
  const child = spawn(process.execPath, [sleeper, `--api-key=${SECRETS.argv}`], {
    ...given,
    server: 'runs',
  })
  const alerts = startAlerts({ helper, webhook: { url: `http://127.0.0.1:1/${SECRETS.webhook}` } })
  const server = http.createServer(healthRouter({ helper, prefix: '/api/health' }))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${server.address().port}/api/health`
  try {
    const answer = await helper.callToolAsync('it', 'echo', {
      text: SECRETS.answer,
      key: SECRETS.argument,
    })
    assert.equal(said(answer), SECRETS.answer)
    assert.equal(
      said(await helper.callToolRaw('it', 'echo', { text: SECRETS.answer })),
      SECRETS.answer,
    )
    await assert.rejects(helper.callToolAsync('it', 'error', { key: SECRETS.argument }), {
      code: 'ERR_MCP',
    })
    const signal = AbortSignal.timeout(60_000)
    helper.callToolAsync('it', 'hang', { key: SECRETS.argument }, { signal }).catch(() => {})

    const { pid } = await until(() => helper.getActiveProcesses()[0])
    const raw = ['cmdline', 'environ']
      .map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8'))
      .join()
    assert.ok(
      raw.includes(SECRETS.argv) && raw.includes(SECRETS.env),
      'there is something to give away',
    )
    const shown = { diagnostics: JSON.stringify(told), metrics: JSON.stringify(getMetrics()) }
    shown.alerts = JSON.stringify([alerts.getActive(), alerts.getWebhookStatus()])
    for (const path of [
      '',
      '/processes',
      '/live',
      '/ready',
      '/metrics',
      '/history',
      '/failures',
      '/events',
      '/dashboard',
    ]) {
      const response = await fetch(url + path, {
        headers: { accept: 'application/json, text/plain, text/html' },
      })
      assert.ok(response.ok, `${path}: ${response.status}`)
      shown[path] = await response.text()
    }
    for (const [, file] of shown['/dashboard'].matchAll(/(?:src|href)="([^"#:]+\.(?:js|css))"/g)) {
      shown[file] = await (await fetch(new URL(file, `${url}/dashboard`))).text()
    }
    for (const args of [
      ['status'],
      ['ps'],
      ['ps', '--all'],
      ['clean'],
      ['doctor'],
      ['metrics'],
      ['logs'],
    ]) {
      for (const more of [[], ['--json']]) {
        const { stdout, stderr } = await procward([...args, ...more, '--url', url], { cwd })
        shown[[...args, ...more].join(' ')] = stdout + stderr
      }
    }
    assert.ok(
      shown['/processes'].includes('"it"') && shown.ps.includes('it') && told.length > 0,
      'something is shown',
    )
    for (const [where, text] of Object.entries(shown)) {
      for (const [what, secret] of Object.entries(SECRETS)) {
        assert.ok(
          !text.includes(secret),
          `${where} shows the secret of ${what}:\n${text.slice(0, 2000)}`,
        )
      }
    }
  } finally {
    for (const name of names) diagnosticsChannel.unsubscribe(name, hear)
    alerts.stop()
    await child.kill({ killGrace: 1 })
    await helper.shutdown()
    server.closeAllConnections()
    server.close()
    rmSync(cwd, { recursive: true })
  }
})
