'use strict'

// Small answers over HTTP, bounded in size and in redirects. The caller's signal bounds the time.

const validate = require('../validate')
const { NoToken } = require('./problem')

const MAX_BYTES = 2 ** 20
const MAX_REDIRECTS = 3
const WITHOUT_BODY = [204, 205, 304]

/**
 * Sends a request as `fetch` does, and reads the whole answer. Follows no redirect, because the
 * request may carry a token or a secret.
 * @param {string | URL} url
 * @param {any} init
 * @returns {Promise<Response>}
 */
async function boundedFetch(url, init) {
  const response = await fetch(url, { ...init, redirect: 'manual' })
  const { status, headers } = response
  const body = await boundedBody(response)
  return new Response(WITHOUT_BODY.includes(status) ? null : body, { status, headers })
}

/** @param {Response} response */
async function boundedBody(response) {
  const chunks = []
  let length = 0
  for await (const chunk of /** @type {any} */ (response.body ?? [])) {
    length += chunk.length
    if (length > MAX_BYTES)
      throw new NoToken('the authorization server answered with too much', 'none')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/**
 * Fetches a document of metadata; `undefined` when the address has none. Redirects are followed
 * within the origin.
 * @param {URL} url
 * @param {AbortSignal} signal
 * @returns {Promise<Response | undefined>} a JSON object
 */
async function getMetadata(url, signal) {
  let at = url
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await boundedFetch(at, { signal, headers: { accept: 'application/json' } })
    const { status } = response
    if (status >= 500) throw new NoToken(`${url.origin} answered with status ${status}`)
    if (status === 200) return (await isObject(response)) ? response : undefined
    const next = status > 300 && status < 400 ? response.headers.get('location') : null
    if (next === null || !URL.canParse(next, at.href)) return undefined
    at = new URL(next, at)
    if (at.origin !== url.origin) return undefined
  }
  return undefined
}

/**
 * Returns whether an answer is a JSON object: some servers answer any path with a page.
 * @param {Response} response
 */
async function isObject(response) {
  return validate.isObject(await jsonOf(response))
}

/** @param {Response} response @returns {Promise<any>} */
async function jsonOf(response) {
  return response
    .clone()
    .json()
    .catch(() => undefined)
}

module.exports = { boundedFetch, getMetadata, jsonOf }
