// Calls procward in every way that needs a file besides the bundle's code: the addon, and the
// launcher of mcporter.
import { getActiveProcesses, getGuarantees, run } from 'procward'
import { createMcpHelper, getSemaphoreStatus } from 'procward/mcp-helper'

/** @type {Promise<object> | undefined} */
let made

/** Makes the report once, because it starts a child that only the server's death ends. */
export function report() {
  made ??= make()
  return made
}

async function make() {
  const { stdout } = await run(process.execPath, ['--print', '6 * 7'])
  const { maxConcurrent } = getSemaphoreStatus()
  const tools = { pool: await call('pool'), mcporter: await call('mcporter') }
  run(process.execPath, ['--eval', 'setInterval(() => {}, 1000)']).catch(() => {})
  const child = await pidOfChild()
  const { mechanism } = getGuarantees()
  return { pid: process.pid, child, mechanism, answer: stdout.trim(), maxConcurrent, tools }
}

/** Calls a tool of a real MCP server. @param {'pool' | 'mcporter'} transport */
async function call(transport) {
  const { CHECK_CONFIG: configPath, CHECK_MCPORTER: mcporterBin } = process.env
  const helper = createMcpHelper({ configPath, mcporterBin, transport })
  try {
    return await helper.callToolAsync('odd', 'text', { text: '{"a":1}' })
  } catch (error) {
    return `${error.code}: ${error.cause?.message ?? error.message}`
  } finally {
    await helper.shutdown()
  }
}

async function pidOfChild() {
  for (;;) {
    const [child] = getActiveProcesses()
    if (child?.pid) return child.pid
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
