// Prometheus' own programs, where this machine has them (Debian: `apt-get install prometheus`).

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../fixtures/mcp-servers.mjs'
import { freePort } from './free-port.mjs'
import { until } from './until.mjs'

/**
 * Why a test cannot run here; `false` where it can.
 * @param {'promtool' | 'prometheus' | 'prometheus-alertmanager'} program
 */
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
 * @param {{ after: (end: () => Promise<void>) => void }} t
 * @param {number} port
 * @param {string} path
 * @param {string[]} [rules] - files of rules
 * @returns {Promise<{ query(text: string): Promise<{ metric: Record<string, string>, value:
 *   [number, string] }[]>, rules(): Promise<any[]>, target(): Promise<any> }>}
 */
export async function prometheus(t, port, path, rules = []) {
  const folder = temporaryFolder()
  const config = join(folder, 'prometheus.yml')
  const job = {
    job_name: 'procward',
    metrics_path: path,
    static_configs: [{ targets: [`127.0.0.1:${port}`] }],
  }
  // JSON is YAML.
  const global = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' }
  writeFileSync(config, JSON.stringify({ global, scrape_configs: [job], rule_files: rules }))
  const own = await freePort()
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`]
  const server = spawn('prometheus', [...args, `--web.listen-address=127.0.0.1:${own}`], {
    stdio: 'ignore',
  })
  t.after(() => ended(server))
  const ask = async (what) => {
    const response = await fetch(`http://127.0.0.1:${own}/api/v1/${what}`).catch(() => undefined)
    return response?.ok ? (await response.json()).data : undefined
  }
  await until(() => ask('targets'))
  return {
    query: async (text) => (await ask(`query?query=${encodeURIComponent(text)}`))?.result ?? [],
    rules: async () => ((await ask('rules'))?.groups ?? []).flatMap((group) => group.rules),
    target: async () => (await ask('targets'))?.activeTargets[0],
  }
}

/**
 * An Alertmanager that notifies nobody, until the test is over.
 * @param {{ after: (end: () => Promise<void>) => void }} t
 * @returns {Promise<{ url: string, alerts(): Promise<any[]> }>}
 */
export async function alertmanager(t) {
  const folder = temporaryFolder()
  const config = join(folder, 'alertmanager.yml')
  writeFileSync(
    config,
    JSON.stringify({ route: { receiver: 'none' }, receivers: [{ name: 'none' }] }),
  )
  const own = `127.0.0.1:${await freePort()}`
  const args = [`--config.file=${config}`, `--storage.path=${folder}`, '--cluster.listen-address=']
  const server = spawn('prometheus-alertmanager', [...args, `--web.listen-address=${own}`], {
    stdio: 'ignore',
  })
  t.after(() => ended(server))
  const url = `http://${own}/api/v2/alerts`
  const alerts = async () => {
    const response = await fetch(url).catch(() => undefined)
    return response?.ok ? response.json() : undefined
  }
  await until(alerts)
  return { url, alerts }
}

/** @param {import('node:child_process').ChildProcess} server */
async function ended(server) {
  server.kill()
  if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
}
