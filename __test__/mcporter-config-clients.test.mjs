// Entries as other clients write them: what they say beyond what a server is costs no process of
// mcporter.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import configuration from '../lib/mcporter/config/index.js'
import { memoryFiles } from './support/memory-files.mjs'

const url = 'https://example.org/mcp'
const stdio = { command: 'npx', args: ['-y', 'a-server'], env: { KEY: 'x' } }

/**
 * By client, what it writes beside command or address, as its documentation shows it.
 * @type {Record<string, object[]>}
 */
const CLIENTS = {
  'VS Code': [
    {
      ...stdio,
      type: 'stdio',
      dev: { watch: 'src/**', debug: { type: 'node' } },
      sandboxEnabled: true,
      sandbox: {},
    },
    {
      url,
      type: 'http',
      gallery: 'https://api.mcp.github.com',
      version: '1.0.0',
      $schema: 'x',
      oauth: { clientId: 'x' },
    },
  ],
  Cursor: [
    { ...stdio, type: 'stdio' },
    { url, type: 'streamableHttp', name: 'x', description: 'y', icon: 'z' },
  ],
  'Claude Code': [
    { ...stdio, type: 'stdio', timeout: 600_000, alwaysLoad: true },
    { url, type: 'http', headersHelper: '/x', oauth: { clientId: 'x', callbackPort: 8080 } },
  ],
  'Claude Desktop': [{ ...stdio, extensionId: 'x' }],
  Windsurf: [
    { ...stdio, disabled: false, disabledTools: ['a'], alwaysAllow: ['b'] },
    { serverUrl: url, registry: 'x' },
  ],
  Cline: [
    {
      ...stdio,
      disabled: true,
      autoApprove: ['a'],
      timeout: 60,
      transportType: 'stdio',
      remoteConfigured: true,
    },
  ],
  'Roo Code': [
    {
      url,
      type: 'streamable-http',
      alwaysAllow: ['a'],
      watchPaths: ['x'],
      disabledTools: [],
      timeout: 60,
    },
  ],
  Zed: [{ ...stdio, source: 'custom', enabled: true, settings: { a: 1 } }],
  'Gemini CLI': [
    {
      ...stdio,
      trust: true,
      includeTools: ['a'],
      excludeTools: ['b'],
      timeout: 5000,
      extension: { name: 'x' },
    },
    { url, authProviderType: 'dynamic_discovery', targetAudience: 'x', targetServiceAccount: 'y' },
  ],
  Codex: [
    {
      ...stdio,
      enabled: true,
      startup_timeout_sec: 10,
      tool_timeout_sec: 60,
      enabled_tools: ['a'],
      required: true,
    },
  ],
  'Copilot CLI': [{ ...stdio, type: 'local', tools: ['*'], isDefaultServer: false }],
  'Amazon Q': [{ ...stdio, disabled: false, timeout: 60_000, disabledTools: [] }],
  LibreChat: [
    {
      ...stdio,
      initTimeout: 1,
      serverInstructions: true,
      chatMenu: false,
      customUserVars: {},
      iconPath: 'x',
    },
  ],
  'Cherry Studio': [
    { ...stdio, isActive: true, longRunning: true, provider: 'x', tags: [], registryUrl: 'x' },
  ],
  Trae: [{ ...stdio, fromGalleryId: 'x' }],
  '5ire': [{ ...stdio, key: 'x', isActive: true, approvalPolicy: 'once' }],
  'an unknown client': [{ ...stdio, 'any key': { of: ['any', 'kind'] }, äöü: 1, '': 2 }],
  comments: [{ ...stdio, '//': 'x', _comment: 'y', $why: 1, '#x': 1 }],
}

for (const [client, entries] of Object.entries(CLIENTS)) {
  describe(client, () => {
    for (const [file, key] of [
      ['/app/config/mcporter.json', 'mcpServers'],
      ['/app/.vscode/mcp.json', 'servers'],
    ]) {
      test(file, async () => {
        const files = { [file]: { [key]: Object.fromEntries(entries.entries()) } }
        const here = {
          env: {},
          home: '/home/me',
          cwd: '/app',
          platform: /** @type {const} */ ('linux'),
        }
        const { servers } = await configuration.readConfiguration({
          ...here,
          files: memoryFiles(files),
        })
        assert.deepEqual(
          servers.map(({ needs, transport }) => [needs, transport.kind]),
          entries.map((entry) => [undefined, 'command' in entry ? 'stdio' : 'http']),
        )
      })
    }
  })
}
