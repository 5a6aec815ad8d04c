// A server of our own on the TypeScript SDK 2.x: `typescript.mjs FOLDER MODE PORT`. FOLDER has the
// packages; MODE is `stdio`, `handler` (the SDK's own handler for both protocols), `stateful-json`,
// `stateful-events`, or `stateless-json`.

import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'

const [folder, mode, port] = process.argv.slice(2)
const require = createRequire(join(folder, 'package.json'))
const load = (name) => import(pathToFileURL(join(folder, 'node_modules', name)).href)
const { McpServer, ResourceTemplate, createMcpHandler } = await load(
  '@modelcontextprotocol/server/dist/index.mjs',
)
const { NodeStreamableHTTPServerTransport, toNodeHandler } = await load(
  '@modelcontextprotocol/node/dist/index.mjs',
)
const { z } = require('zod')

function makeServer() {
  const server = new McpServer({ name: 'ours', version: '1.0.0' })
  const text = (words) => ({ content: [{ type: 'text', text: words }] })
  const two = z.object({ a: z.number(), b: z.number() })
  server.registerTool(
    'add',
    { description: 'Adds', inputSchema: two, outputSchema: z.object({ sum: z.number() }) },
    ({ a, b }) => ({
      ...text(String(a + b)),
      structuredContent: { sum: a + b },
    }),
  )
  server.registerTool('words', { inputSchema: z.object({ text: z.string() }) }, (args) =>
    text(args.text),
  )
  server.registerTool('nothing', {}, () => ({ content: [] }))
  server.registerTool('fail', { inputSchema: z.object({ reason: z.string() }) }, ({ reason }) => {
    throw new Error(reason)
  })
  server.registerTool('mixed', {}, () => ({
    content: [
      { type: 'text', text: 'a', annotations: { audience: ['user'], priority: 0.5 } },
      { type: 'resource_link', uri: 'a:b', name: 'link', mimeType: 'text/plain' },
      {
        type: 'resource',
        resource: { uri: 'a:c', text: '{"in":"a resource"}', mimeType: 'application/json' },
      },
    ],
    _meta: { 'ours/trace': [1, { deep: true }] },
  }))
  const subscribed = new Set()
  server.server.registerCapabilities({ resources: { subscribe: true } })
  server.server.setRequestHandler('resources/subscribe', ({ params }) => {
    subscribed.add(params.uri)
    return {}
  })
  server.server.setRequestHandler('resources/unsubscribe', ({ params }) => {
    subscribed.delete(params.uri)
    return {}
  })
  server.registerTool('subscriptions', {}, () => text([...subscribed].join(' ')))
  server.registerTool('touch', { inputSchema: z.object({ uri: z.string() }) }, async ({ uri }) => {
    await server.server.sendResourceUpdated({ uri })
    return text('touched')
  })
  const contents = (uri, more) => ({ contents: [{ uri: uri.href, ...more }] })
  server.registerResource('words', 'ours://words', { mimeType: 'text/plain' }, (uri) =>
    contents(uri, { text: 'ünï 💥\u2028', mimeType: 'text/plain' }),
  )
  const complete = {
    name: (start) => ['spring', 'summer'].filter((each) => each.startsWith(start)),
  }
  const template = new ResourceTemplate('ours://campaign/{name}', { list: undefined, complete })
  server.registerResource('campaign', template, { title: 'A campaign' }, (uri, { name }) =>
    contents(uri, { text: JSON.stringify({ name }), mimeType: 'application/json' }),
  )
  server.registerResource('picture', 'ours://picture', {}, (uri) => contents(uri, { blob: 'AAEC' }))
  const argsSchema = z.object({ code: z.string(), language: z.string().optional() })
  server.registerPrompt('review', { description: 'Asks for a review', argsSchema }, (args) => ({
    messages: [{ role: 'user', content: { type: 'text', text: JSON.stringify(args) } }],
  }))
  return server
}

/** Sessions by id. @type {Map<string, any>} */
const sessions = new Map()

/** A transport with its own server, for one session or for one request. */
async function makeTransport() {
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: mode.startsWith('stateful') ? randomUUID : undefined,
    enableJsonResponse: mode.endsWith('-json'),
    onsessioninitialized: (id) => void sessions.set(id, transport),
  })
  await makeServer().connect(transport)
  return transport
}

async function answer(request, response) {
  const known = sessions.get(String(request.headers['mcp-session-id']))
  const transport = known ?? (await makeTransport())
  await transport.handleRequest(
    request,
    response,
    request.method === 'POST' ? await json(request) : undefined,
  )
}

if (mode === 'stdio') {
  const { StdioServerTransport } = await load('@modelcontextprotocol/server/dist/stdio.mjs')
  await makeServer().connect(new StdioServerTransport())
} else {
  const handler = mode === 'handler' ? toNodeHandler(createMcpHandler(makeServer)) : answer
  createServer(handler).listen(Number(port), '127.0.0.1')
}
