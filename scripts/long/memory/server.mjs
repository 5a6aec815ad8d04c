// `server.mjs SLOTS|auto HOG`: runs 44 commands, as many at once as may, and prints the result.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { Semaphore, getActiveProcesses, run } = require('../../../index.js')
const { createMcpHelper } = require('../../../lib/mcp-helper.js')

const [mode, hog] = process.argv.slice(2)
const MS = 500
const MEBIBYTES = [110, 190, 80, 240]

// The same sizes in every run.
let seed = 42
const random = () => {
  seed = (seed * 1664525 + 1013904223) >>> 0
  return seed / 2 ** 32
}
const commands = Array.from({ length: 44 }, (_, at) => ({
  server: `server ${at % 4}`,
  size: Math.round(MEBIBYTES[at % 4] * (0.85 + 0.3 * random())),
}))

const helper = mode === 'auto' ? createMcpHelper({ maxConcurrent: 'auto' }) : undefined
const slots = new Semaphore(helper ? commands.length : Number(mode))
const result = { done: 0, killed: 0, failed: 0, most: 0, seconds: 0 }
const began = performance.now()
await Promise.all(
  commands.map((command) =>
    slots.use(() => outcome(command), { timeout: Infinity }).then((how) => result[how]++),
  ),
)
result.seconds = (performance.now() - began) / 1000
await helper?.shutdown()
process.stdout.write(JSON.stringify(result))

/** @param {{ server: string, size: number }} command */
async function outcome({ server, size }) {
  const look = setInterval(() => (result.most = Math.max(result.most, running())), 100)
  try {
    const { exitCode, signal } = await run(hog, [String(size), String(MS)], {
      server,
      reject: false,
    })
    if (exitCode === 0) return 'done'
    return signal === 'SIGKILL' ? 'killed' : 'failed'
  } finally {
    clearInterval(look)
  }
}

function running() {
  return getActiveProcesses().length
}
