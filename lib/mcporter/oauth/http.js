'use strict'

// Small JSON over HTTP, bounded in time and size.

const { isRecord } = require('../config/parse')
const { NoToken } = require('./problem')

const MOST = 2 ** 20

/**
 * Fetches a document of metadata; `undefined` when the address has none.
 * @param {URL} url
 * @param {AbortSignal} signal
 */
async function getMetadata(url, signal) {
  const response = await fetch(url, { signal, headers: { accept: 'application/json' } })
  // A redirect to another origin does not count.
  if (response.ok && new URL(response.url).origin === url.origin) return readObject(response)
  await response.body?.cancel()
  if (response.status >= 500)
    throw new NoToken(`${url.origin} answered with status ${response.status}`)
  return undefined
}

/** @param {Response} response @returns {Promise<Record<string, any>>} */
async function readObject(response) {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of /** @type {any} */ (response.body ?? [])) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > MOST) throw new NoToken('the authorization server answered with too much')
  }
  try {
    const value = JSON.parse(text)
    if (isRecord(value)) return value
  } catch {}
  throw new NoToken('the authorization server answered with no JSON object')
}

module.exports = { getMetadata, readObject }
