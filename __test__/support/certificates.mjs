// Certificates of a private authority, made anew for each run.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The reason for skipping tests that need certificates. */
export const noCertificates =
  spawnSync('openssl', ['version']).status === 0
    ? false
    : 'there is no openssl to make certificates with'

const NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1'

/**
 * Makes an authority, and certificates of servers on this machine.
 * @param {import('node:test').TestContext} t
 */
export function certificates(t) {
  const folder = mkdtempSync(join(tmpdir(), 'procward-certificates-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const at = (name) => join(folder, name)
  const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' })
  const newKey = (name) => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    at(`${name}.key`),
  ]
  const read = (name) => ({
    key: readFileSync(at(`${name}.key`)),
    cert: readFileSync(at(`${name}.pem`)),
    file: at(`${name}.pem`),
  })

  /** One that is its own authority. */
  const selfSigned = (name, ...more) => {
    openssl(
      'req',
      '-x509',
      ...newKey(name),
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-out',
      at(`${name}.pem`),
      ...more,
    )
    return read(name)
  }
  const authority = selfSigned('authority')

  /** One of the authority. */
  const signed = (name, names = NAMES, days = 2) => {
    openssl('req', ...newKey(name), '-subj', `/CN=${name}`, '-out', at(`${name}.csr`))
    writeFileSync(at(`${name}.cnf`), names)
    const by = [
      '-CA',
      authority.file,
      '-CAkey',
      at('authority.key'),
      '-CAcreateserial',
      '-days',
      String(days),
    ]
    openssl(
      'x509',
      '-req',
      '-in',
      at(`${name}.csr`),
      ...by,
      '-extfile',
      at(`${name}.cnf`),
      '-out',
      at(`${name}.pem`),
    )
    return read(name)
  }
  return { folder, authority, signed, selfSigned: (name) => selfSigned(name, '-addext', NAMES) }
}
