// Receivers of a webhook on the loopback address.

import http from 'node:http'

/**
 * Answers as it is told to, and keeps what it got.
 * @param {(req: http.IncomingMessage, res: http.ServerResponse) => void} answer
 */
export async function receiver(answer) {
  /** @type {{ method: string, url: string, headers: http.IncomingHttpHeaders, body: any }[]} */
  const requests = []
  /** @type {(() => void)[]} */
  const waiting = []
  const server = http.createServer(async (req, res) => {
    let text = ''
    for await (const chunk of req) text += chunk
    requests.push({
      method: req.method,
      url: req.url,
      headers: req.headers,
      body: text === '' ? undefined : JSON.parse(text),
    })
    for (const told of waiting.splice(0)) told()
    answer(req, res)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}/secret-path?token=hunter2`,
    requests,
    /** Resolves when there have been so many requests. @param {number} count */
    async received(count) {
      while (requests.length < count) await new Promise((resolve) => waiting.push(resolve))
    },
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An address without a listener. */
export async function deadAddress() {
  const { url, close } = await receiver(() => {})
  await close()
  return url
}
