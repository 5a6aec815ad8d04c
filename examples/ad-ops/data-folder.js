'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

/** Makes a temporary folder for the MCP servers' files that is removed when this process exits. */
function temporaryDataFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ad-ops-'))
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

module.exports = { temporaryDataFolder }
