// Checks a package that does not run here: the needs of the addon inside.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needsOf } from '../../package/build.mjs'
import { MARK } from '../../package/manifests.mjs'
import { needsComplaints } from '../../package/needs.mjs'
import { Skip } from '../support/checks.mjs'

/**
 * Returns what the addon in a tarball needs, or throws the complaints.
 * @param {string} target
 * @param {string} tarball
 */
export function checkNeeds(target, tarball) {
  if (spawnSync('rustup', ['--version'], { stdio: 'ignore' }).error)
    throw new Skip("needs rustup, for LLVM's reader of such files")
  const place = mkdtempSync(join(tmpdir(), 'procward-needs-'))
  try {
    execFileSync('tar', ['-xzf', tarball, '-C', place])
    const folder = join(place, 'package')
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const needs = needsOf(join(folder, manifest.main))
    const complaints = needsComplaints(needs, target)
    if (complaints.length > 0) throw new Error(complaints.join('; '))
    const { format, glibc, libraries } = needs
    return [
      format,
      glibc && `glibc ${glibc}`,
      `${libraries.length} libraries`,
      manifest[MARK] && 'a stand-in for tests',
    ]
      .filter(Boolean)
      .join(', ')
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}
