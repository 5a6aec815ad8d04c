'use strict'

// Certificates and proxies of Node.js, handed to native before the first request to a server over
// HTTP.

const config = require('../config')
const native = require('../native')

let proxiesAreSet = false
let trustIsSet = false

/** Hands over what a request to this address needs. @param {string} url */
function prepareFor(url) {
  const proxies = config.proxies()
  if (!proxiesAreSet) {
    if (proxies) native.mcpProxies(proxies.http, proxies.https, proxies.noProxy)
    proxiesAreSet = true
  }
  if (!trustIsSet && mayNeedTls(url, proxies)) {
    native.mcpTrust(certificates(), config.verifiesCertificates())
    trustIsSet = true
  }
}

/**
 * A server elsewhere may redirect to https.
 * @param {string} url
 * @param {import('../config').Proxies | undefined} proxies
 */
function mayNeedTls(url, proxies) {
  const { protocol, hostname } = new URL(url)
  if (
    protocol === 'https:' ||
    [proxies?.http, proxies?.https].some((proxy) => /^https:/i.test(proxy ?? ''))
  )
    return true
  return hostname !== 'localhost' && hostname !== '[::1]' && !/^127(\.\d+){3}$/.test(hostname)
}

/** PEM texts of the certificates that Node.js trusts. @returns {string[]} */
function certificates() {
  // Loaded on use, because most servers need no certificates.
  const tls = /**
   * @type {typeof import('node:tls') & { getCACertificates?: (type: 'default') => string[] }}
   *   */ (require('node:tls'))
  if (tls.getCACertificates !== undefined) return tls.getCACertificates('default')
  return [...tls.rootCertificates, ...extraCertificates()]
}

/**
 * Warns of a file that cannot be read and goes on without it, as Node.js does.
 * @returns {string[]}
 */
function extraCertificates() {
  const file = config.extraCertificates()
  if (file === undefined) return []
  try {
    return [require('node:fs').readFileSync(file, 'latin1')]
  } catch (error) {
    process.emitWarning(`NODE_EXTRA_CA_CERTS is ignored: ${/** @type {Error} */ (error).message}`)
    return []
  }
}

module.exports = { prepareFor }
