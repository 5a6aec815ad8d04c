// Servers of our own on the SDKs of others, over stdio and in each way over HTTP.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { npmPackages, pythonPackages } from '../../support/install.mjs'
import { startServer } from '../http.mjs'

const python = fileURLToPath(new URL('../programs/python.py', import.meta.url))
const typescript = fileURLToPath(new URL('../programs/typescript.mjs', import.meta.url))

/** @type {Record<string, Record<string, string>>} */
const FRAMEWORKS = {
  mcp1: { mcp: '1.30.0' },
  mcp2: { mcp: '2.3.0' },
  fastmcp: { fastmcp: '4.2.3' },
}
const TYPESCRIPT = {
  '@modelcontextprotocol/server': '2.4.0',
  '@modelcontextprotocol/node': '2.1.2',
  zod: '4.6.7',
}
const MODES = ['stdio', 'stateful-events', 'stateful-json', 'stateless-events', 'stateless-json']

/** The modes in which a server remembers its subscribers. */
const REMEMBERS = ['stdio', 'stateful-events', 'stateful-json']
const SUBSCRIBED = 'ours://words'

const UNKNOWN = ['no-such-tool', {}]
const PYTHON_CALLS = [
  ['add', { a: 1, b: 2 }],
  ['add', { a: 'one', b: 2 }],
  ['add', {}],
  ['campaign', { name: 'c' }],
  ['campaign', { name: 'c', budget: 1e21, unexpected: true }],
  ['words', { text: 'ünï "q" 💥\u2028' }],
  ['words', { text: '{"a": 1}' }],
  ['names', { count: 3 }],
  ['names', { count: 0 }],
  ['nothing', {}],
  ['picture', {}],
  ['fail', { reason: 'no such campaign' }],
  ['steps', { count: 3 }],
  UNKNOWN,
]
const TYPESCRIPT_CALLS = [
  ['add', { a: 0.1, b: 0.2 }],
  ['add', { a: 'one' }],
  ['words', { text: 'ünï "q" 💥\u2028' }],
  ['words', { text: '[1, 2]' }],
  ['nothing', {}],
  ['fail', { reason: 'no such campaign' }],
  ['mixed', {}],
  UNKNOWN,
]

/** What both programs offer besides tools, and what they do not. @type {[string, unknown[]][]} */
const REQUESTS = [
  ['listResources', []],
  ['listResourceTemplates', []],
  ['readResource', ['ours://words']],
  ['readResource', ['ours://campaign/spring']],
  ['readResource', ['ours://picture']],
  ['readResource', ['ours://none']],
  ['listPrompts', []],
  ['getPrompt', ['review', { code: 'ünï "q"', language: 'C' }]],
  ['getPrompt', ['review', { code: 'x' }]],
  ['getPrompt', ['review', {}]],
  ['getPrompt', ['none']],
  [
    'complete',
    [
      { type: 'ref/resource', uri: 'ours://campaign/{name}' },
      { name: 'name', value: 'su' },
    ],
  ],
]

/** @returns {import('./index.mjs').Entry[]} */
export const sdks = () => [
  ...Object.entries(FRAMEWORKS).flatMap(([framework, versions]) =>
    MODES.map((mode) => ({
      name: `Python ${Object.entries(versions)[0].join(' ')}, ${mode}`,
      // The other frameworks have no handler for `resources/subscribe`.
      subscribed: framework === 'mcp1' && REMEMBERS.includes(mode) ? SUBSCRIBED : undefined,
      async prepare() {
        const programs = await pythonPackages(framework, versions)
        const command = join(programs, 'python')
        return {
          ...(await start(mode, (port) => ({
            command,
            args: [python, framework, mode, String(port)],
          }))),
          calls: PYTHON_CALLS,
          requests: REQUESTS,
        }
      },
    })),
  ),
  ...[
    'stdio',
    'handler',
    'stateful-events',
    'stateful-json',
    'stateless-events',
    'stateless-json',
  ].map((mode) => ({
    name: `TypeScript SDK 2.4, ${mode}`,
    subscribed: REMEMBERS.includes(mode) ? SUBSCRIBED : undefined,
    async prepare() {
      const place = await npmPackages('typescript-sdk', TYPESCRIPT)
      const how = (/** @type {number} */ port) => ({
        command: process.execPath,
        args: [typescript, place, mode, String(port)],
      })
      return {
        ...(await start(mode, how)),
        calls: TYPESCRIPT_CALLS,
        requests: REQUESTS,
      }
    },
  })),
]

/** @param {string} mode @param {(port: number) => { command: string, args: string[] }} how */
async function start(mode, how) {
  return mode === 'stdio' ? { definition: how(0) } : startServer(how)
}
