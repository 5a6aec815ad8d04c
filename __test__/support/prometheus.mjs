// Prometheus' own programs, where this machine has them (Debian: `apt-get install prometheus`).

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { temporaryFolder } from '../fixtures/mcp-servers.mjs'
import { until } from './until.mjs'

/** Why a test cannot run here; `false` where it can. @param {'promtool' | 'prometheus'} program */
export function missing(program) {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return `there is no ${program} on this machine`
  }
}

/**
 * What `promtool check metrics` has to say about a text; nothing when all is well.
 * @param {string} text
 */
export function complaints(text) {
  try {
    execFileSync('promtool', ['check', 'metrics'], {
      input: text,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: 120_000,
    })
    return ''
  } catch (error) {
    return `${error.stdout}${error.stderr}`
  }
}

/**
 * A Prometheus that scrapes this port again and again, until the test is over.
 * @param {import('node:test').TestContext} t
 * @param {number} port
 * @param {string} path
 * @returns {Promise<{ query(text: string): Promise<{ metric: Record<string, string>, value:
 *   [number, string] }[]>, target(): Promise<any> }>}
 */
export async function prometheus(t, port, path) {
  const folder = temporaryFolder()
  const config = join(folder, 'prometheus.yml')
  const job = {
    job_name: 'procward',
    metrics_path: path,
    static_configs: [{ targets: [`127.0.0.1:${port}`] }],
  }
  // JSON is YAML.
  const scrape = { scrape_interval: '1s', scrape_timeout: '1s' }
  writeFileSync(config, JSON.stringify({ global: scrape, scrape_configs: [job] }))
  const own = await freePort()
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`]
  const server = spawn('prometheus', [...args, `--web.listen-address=127.0.0.1:${own}`], {
    stdio: 'ignore',
  })
  t.after(async () => {
    server.kill()
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
  })
  const ask = async (what) => {
    const response = await fetch(`http://127.0.0.1:${own}/api/v1/${what}`).catch(() => undefined)
    return response?.ok ? (await response.json()).data : undefined
  }
  await until(() => ask('targets'))
  return {
    query: async (text) => (await ask(`query?query=${encodeURIComponent(text)}`))?.result ?? [],
    target: async () => (await ask('targets'))?.activeTargets[0],
  }
}

/** A port that was free a moment ago. @returns {Promise<number>} */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
