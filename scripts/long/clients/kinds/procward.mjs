// procward's helper: its raw answers, and which way they came.

import { createMcpHelper } from '../../../../lib/mcp-helper.js'

/** @param {{ configPath: string, timeout: number }} job @param {'auto' | 'pool'} transport */
export async function open({ configPath, timeout }, transport) {
  const options = { callTimeout: timeout, listTimeout: timeout, rejectOnError: false }
  const helper = createMcpHelper({ configPath, transport, ...options })
  return {
    call: (args) => helper.callToolRaw('odd', 'echo', args),
    list: async () => (await helper.listToolsAsync('odd')).map(({ name }) => name),
    by() {
      const server = helper.getPoolStatus().servers.find(({ name }) => name === 'odd')
      return server?.transport === 'mcporter' ? `by mcporter: ${server.reason}` : undefined
    },
    close: () => helper.shutdown(),
  }
}
