// Publishes the tarballs of target/packages, the platforms' packages first, because the main
// package asks for them: `node scripts/publish.mjs [--really] [--from FOLDER]`. Without `--really`
// it only prints the commands.

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { publishComplaints, publishOrder } from './package/publishable.mjs'
import { npm, folder as packed } from './package/tools.mjs'
import { root } from './steps.mjs'

const { values } = parseArgs({
  options: {
    really: { type: 'boolean', default: false },
    from: { type: 'string', default: packed },
  },
})
const folder = resolve(values.from)
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const files = existsSync(folder) ? readdirSync(folder) : []
const packages = files
  .filter((file) => file.endsWith('.tgz'))
  .map((file) => ({ file, manifest: manifestOf(join(folder, file)) }))

const complaints = publishComplaints(packages, { name, version })
if (complaints.length > 0) {
  console.error(complaints.join('\n'))
  process.exit(1)
}
for (const { file } of publishOrder(packages, name)) {
  const args = ['publish', join(folder, file), '--access', 'public', '--provenance']
  console.log(`> npm ${args.join(' ')}`)
  if (values.really) console.log(npm(root, ...args))
}
console.log(values.really ? 'published' : 'nothing was published; `--really` does')

/** @param {string} tarball */
function manifestOf(tarball) {
  const text = execFileSync('tar', ['-xOzf', tarball, 'package/package.json'], { encoding: 'utf8' })
  return JSON.parse(text)
}
