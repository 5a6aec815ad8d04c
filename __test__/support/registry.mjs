// A registry of npm's kind on this machine, with a few versions of one package whose program tells
// how it was run.

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'

const PROGRAM = `#!/usr/bin/env node
const [, file, ...args] = process.argv
const { version } = require('./package.json')
console.log(JSON.stringify({ file: require('fs').realpathSync(file), version, args, cwd: process.cwd(), path: process.env.PATH }))
`

/**
 * @param {string} folder - for its tarballs
 * @param {string} name - of the package
 * @param {string[]} versions
 * @returns {Promise<{ url: string, asked: string[], publish: (version: string) => Promise<void>,
 *   tarball: (version: string) => string, close: () => void }>}
 */
export async function startRegistry(folder, name, versions) {
  /** @type {Map<string, { file: string, manifest: object, integrity: string }>} */
  const published = new Map()
  /** @type {string[]} */
  const asked = []
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '')
    asked.push(path)
    const { file } = published.get(path.replace('/tarballs/', '')) ?? {}
    if (file !== undefined) return response.end(readFileSync(file))
    if (path !== `/${name}`) return response.writeHead(404).end('{}')
    const all = [...published].map(([version, { manifest, integrity }]) => [
      version,
      { ...manifest, dist: { integrity, tarball: `${url}/tarballs/${version}` } },
    ])
    response.setHeader('content-type', 'application/json')
    const latest = [...published.keys()].at(-1)
    response.end(
      JSON.stringify({ name, 'dist-tags': { latest }, versions: Object.fromEntries(all) }),
    )
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const url = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`

  /** @param {string} version */
  async function publish(version) {
    const source = join(folder, version)
    mkdirSync(source, { recursive: true })
    const manifest = { name, version, bin: { told: 'cli.js' } }
    writeFileSync(join(source, 'package.json'), JSON.stringify(manifest))
    writeFileSync(join(source, 'cli.js'), PROGRAM)
    await promisify(execFile)('npm', ['pack', '--pack-destination', source], { cwd: source })
    const file = join(source, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)
    const integrity = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`
    published.set(version, { file, manifest, integrity })
  }
  for (const version of versions) await publish(version)
  const tarball = (/** @type {string} */ version) => published.get(version)?.file ?? ''
  return { url, asked, publish, tarball, close: () => server.close() }
}
