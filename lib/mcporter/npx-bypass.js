'use strict'

const os = require('node:os')
const path = require('node:path')
const { files } = require('./npx/files')
const { bypassNpx } = require('./npx')

/** Milliseconds of a day. */
const MAX_AGE = 86_400_000

/**
 * Returns the transport that starts a server of an `npx` command without npx; `undefined` when npx
 * is needed.
 * @param {import('./config/server').Stdio} transport
 * @param {{ cwd?: string, maxAge?: number }} [options]
 *   - the host app's folder; ms for which npx's last look at the registry counts
 */
function withoutNpx(transport, { cwd = process.cwd(), maxAge = MAX_AGE } = {}) {
  const main = require.main?.filename ?? process.argv[1]
  const folders = [cwd, ...(main === undefined ? [] : [path.dirname(main)])]
  const { platform, execPath: node } = process
  return bypassNpx(transport, {
    platform,
    home: os.homedir(),
    node,
    folders,
    now: Date.now(),
    maxAge,
    files,
  })
}

module.exports = { withoutNpx }
