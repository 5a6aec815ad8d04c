// mcporter's own runtime, a new one for each call, as each `mcporter call` has.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** @param {{ configPath: string, timeout: number }} job @param {string} folder */
export async function open({ configPath, timeout }, folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const { createRuntime } = await import(pathToFileURL(join(folder, exports['.'].import)).href)

  /** @template T @param {(runtime: any) => Promise<T>} work @returns {Promise<T>} */
  async function once(work) {
    const runtime = await createRuntime({ configPath, oauthTimeoutMs: timeout })
    try {
      return await inTime(work(runtime), timeout)
    } finally {
      await runtime.close()
    }
  }

  return {
    call: (args) =>
      once((runtime) => runtime.callTool('odd', 'echo', { args, timeoutMs: timeout })),
    list: () => once(async (runtime) => (await runtime.listTools('odd')).map(({ name }) => name)),
    close: async () => {},
  }
}

/**
 * mcporter's command line gives a call up as a whole.
 * @template T
 * @param {Promise<T>} work
 * @param {number} timeout
 * @returns {Promise<T>}
 */
function inTime(work, timeout) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(Object.assign(new Error('no answer in time'), { code: 'TIMEOUT' })),
      timeout,
    )
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
