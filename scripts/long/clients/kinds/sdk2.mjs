// The client of the TypeScript SDK 2.x, for the protocols with a handshake or for both.

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { opened } from './sdk.mjs'

/** @param {any} job @param {string} folder @param {'legacy' | 'auto'} mode */
export async function open(job, folder, mode) {
  const load = (/** @type {string} */ file) =>
    import(pathToFileURL(join(folder, 'dist', file)).href)
  const [{ Client, StreamableHTTPClientTransport: Http }, { StdioClientTransport: Stdio }] =
    await Promise.all(['index.mjs', 'stdio.mjs'].map(load))
  const client = new Client({ name: 'peer', version: '1.0.0' }, { versionNegotiation: { mode } })
  const call = (/** @type {any} */ client, /** @type {any} */ params, /** @type {any} */ options) =>
    client.callTool(params, options)
  return opened(job, { client, Stdio, Http, call })
}
