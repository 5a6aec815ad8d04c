'use strict'

/** A client of a running Ad Ops server. */
class AdOpsClient {
  #url
  #signal

  /** @param {string} url @param {AbortSignal} signal gives up what is under way */
  constructor(url, signal) {
    this.#url = url
    this.#signal = signal
  }

  /** @returns {Promise<{ pid: number }>} */
  about() {
    return this.#get('/')
  }

  processHealth() {
    return this.#get('/api/health/processes')
  }

  /** @param {import('./tools').Call} call */
  callTool = async ({ server, tool, args }) => {
    const { result } = await this.#fetch(
      `/api/tools/${encodeURIComponent(server)}/${encodeURIComponent(tool)}`,
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(args),
      },
    )
    return result
  }

  #get(path) {
    return this.#fetch(path, {})
  }

  async #fetch(path, options) {
    const response = await fetch(`${this.#url}${path}`, { ...options, signal: this.#signal }).catch(
      (cause) => {
        this.#signal.throwIfAborted()
        const message = `no answer from ${this.#url}: ${cause.cause?.code ?? cause.cause?.message ?? cause.message}`
        throw Object.assign(new Error(message, { cause }), { code: 'ERR_NO_ANSWER' })
      },
    )
    const body = await response.json()
    if (!response.ok)
      throw new Error(`${response.status} ${body.error?.code}: ${body.error?.message}`)
    return body
  }
}

module.exports = { AdOpsClient }
