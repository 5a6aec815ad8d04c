// A client of either SDK: connects once, and makes all calls over that session.

/**
 * @param {{ definition: any, timeout: number }} job
 * @param {{ client: any, Stdio: any, Http: any, call: (client: any, params: object, options:
 *   object) => Promise<unknown> }} sdk
 */
export async function opened({ definition, timeout }, { client, Stdio, Http, call }) {
  const { url, headers, ...command } = definition
  const transport =
    url === undefined
      ? new Stdio({ ...command, env: process.env, stderr: 'ignore' })
      : new Http(new URL(url), { requestInit: { headers } })
  const options = { timeout }
  await client.connect(transport, options)

  async function list() {
    const names = []
    let cursor
    const end = performance.now() + timeout
    do {
      const page = await client.listTools(cursor ? { cursor } : undefined, options)
      names.push(...page.tools.map((/** @type {any} */ { name }) => name))
      cursor = page.nextCursor
      if (performance.now() > end)
        throw Object.assign(new Error('the list has no end'), { code: 'ENDLESS' })
    } while (cursor)
    return names
  }

  return {
    call: (/** @type {object} */ args) => call(client, { name: 'echo', arguments: args }, options),
    list,
    close: () => client.close(),
  }
}
