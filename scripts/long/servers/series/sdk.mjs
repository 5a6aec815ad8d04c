// The calls by the client of the TypeScript SDK, with the results as they come.

import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpError } from '@modelcontextprotocol/sdk/types.js'

const OPTIONS = { timeout: 300_000 }
/** A schema that takes anything and changes nothing. */
const ANYTHING = /** @type {any} */ ({
  safeParse: (/** @type {unknown} */ data) => ({ success: true, data }),
})

/**
 * The tools of a server and what came of each call.
 * @param {Record<string, any>} definition
 * @param {string} cwd - where mcporter would start it
 * @param {[string, object][]} calls
 * @param {[string, unknown[]][]} [requests]
 */
export async function sdk(definition, cwd, calls, requests = []) {
  const client = await sdkClient(definition, cwd)
  try {
    const tools = []
    let cursor
    do {
      const page = await client.request(
        { method: 'tools/list', params: cursor && { cursor } },
        ANYTHING,
        OPTIONS,
      )
      tools.push(...page.tools)
      cursor = page.nextCursor
    } while (cursor)
    const outcomes = []
    for (const [name, args] of calls) {
      const request = client.request(
        { method: 'tools/call', params: { name, arguments: args } },
        ANYTHING,
        OPTIONS,
      )
      outcomes.push(await request.then(result, failure))
    }
    const answers = []
    for (const request of requests)
      answers.push(await client.request(asSent(request), ANYTHING, OPTIONS).then(result, failure))
    return { tools, outcomes, answers }
  } finally {
    await client.close()
  }
}

/**
 * Connects the SDK's client to a server.
 * @param {Record<string, any>} definition
 * @param {string} cwd
 */
export async function sdkClient({ url, command, args, env }, cwd) {
  const transport =
    url === undefined
      ? new StdioClientTransport({
          command,
          args,
          cwd,
          env: { .../** @type {any} */ (process.env), ...env },
          stderr: 'ignore',
        })
      : new StreamableHTTPClientTransport(new URL(url))
  const client = new Client({ name: 'sdk', version: '1.0.0' })
  await client.connect(transport, OPTIONS)
  return client
}

/** The protocol's request for a method of `McpPool`. @param {[string, any[]]} request */
function asSent([name, [first, second, options]]) {
  const requests = /** @type {Record<string, [string, object]>} */ ({
    listResources: ['resources/list', {}],
    listResourceTemplates: ['resources/templates/list', {}],
    readResource: ['resources/read', { uri: first }],
    listPrompts: ['prompts/list', {}],
    getPrompt: ['prompts/get', { name: first, arguments: second }],
    complete: ['completion/complete', { ref: first, argument: second, ...options }],
    setLogLevel: ['logging/setLevel', { level: first }],
  })
  const [method, params] = requests[name]
  return { method, params }
}

/** @param {any} value @returns {import('../compare.mjs').Outcome} */
const result = (value) => (value.isError === true ? { value, isError: true } : { value })

/** @param {any} error @returns {import('../compare.mjs').Outcome} */
function failure(error) {
  if (!(error instanceof McpError)) return { failed: error.message }
  const { code, message, data } = error
  return { rpc: { code, message: message.replace(`MCP error ${code}: `, ''), data } }
}
