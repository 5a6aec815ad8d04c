'use strict'

// The lifecycle of a campaign, 44 MCP tool calls, run twice: without limits, and through a running
// Ad Ops server.
//   node lifecycle-demo.js [--url http://127.0.0.1:3002]

const { randomBytes } = require('node:crypto')
const { parseArgs } = require('node:util')
const { temporaryDataFolder } = require('./data-folder')
const { AdOpsClient } = require('./demo/ad-ops-client')
const { campaign } = require('./demo/campaign')
const { Progress } = require('./demo/progress')
const { problems, table } = require('./demo/report')
const { run } = require('./demo/run')
const { withoutLimits } = require('./demo/without-limits')
const { onStopSignal } = require('./stop-signals')

/**
 * Prints the comparison and resolves with what was wrong, nothing if all went well.
 * @param {{ url: string, signal: AbortSignal }} options
 * @returns {Promise<string[]>}
 */
async function lifecycleDemo({ url, signal }) {
  const client = new AdOpsClient(url, signal)
  const { pid } = await client.about()
  const plan = () => campaign(randomBytes(3).toString('hex'))
  const calls = plan().flatMap(({ calls }) => calls)
  const total = calls.length
  const servers = new Set(calls.map(({ server }) => server)).size
  console.log(`A campaign of ${total} MCP tool calls over ${servers} servers, eleven at a time.\n`)

  const before = await run({
    phases: plan(),
    callTool: withoutLimits(temporaryDataFolder(), signal),
    watched: { root: process.pid, except: [pid] },
    progress: new Progress(process.stdout, 'without limits', total),
    signal,
  })
  const after = await run({
    phases: plan(),
    callTool: client.callTool,
    watched: { root: pid, kept: async () => sessionsOf(await client.processHealth()) },
    progress: new Progress(process.stdout, 'with procward', total),
    signal,
  })

  console.log(`\n${table(before, after)}\n`)
  return problems(before, after, servers)
}

/** Processes that stay for the next call, until they have been idle for a while. */
function sessionsOf({ pool }) {
  return pool.sessions.map(({ pid }) => pid).filter((pid) => pid !== null)
}

async function main() {
  const { values } = parseArgs({ options: { url: { type: 'string' } } })
  const url = values.url ?? `http://127.0.0.1:${process.env.PORT || 3002}`
  const stop = new AbortController()
  onStopSignal(() => stop.abort())
  try {
    const found = await lifecycleDemo({ url, signal: stop.signal })
    for (const problem of found) console.error(`❌ ${problem}`)
    process.exitCode = found.length === 0 ? 0 : 1
  } catch (error) {
    process.exitCode = stop.signal.aborted ? 130 : 1
    if (stop.signal.aborted) console.error('\n❌ Interrupted; everything it started is stopped.')
    else if (error.code === 'ERR_NO_ANSWER')
      console.error(`${error.message}\nStart it with \`npm start\`, or run \`npm run demo\`.`)
    else console.error(error)
  }
}

if (require.main === module) main()

module.exports = { lifecycleDemo }
