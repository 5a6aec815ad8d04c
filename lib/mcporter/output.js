'use strict'

// Reads mcporter's output: a pure function from printed text to a verdict.

const { namesOf } = require('../mcp/failure')
const { documents } = require('./documents')
const { RAW_RESULT, TOOL_ERROR, TOOL_RESULT } = require('./exit-codes')

/**
 * @typedef {{ exitCode: number | null, signal?: string | null, stdout: string, stderr: string }}
 *   Output
 *
 * @typedef {{ kind: 'failed', message: string, stderr: string, issue?: Record<string, unknown> }}
 *   Failed
 *
 * @typedef {{ kind: 'result', value: any }
 *   | { kind: 'tool-error', value: any }
 *   | { kind: 'unknown-server' }
 *   | { kind: 'unknown-tool', available?: string[], insteadOf?: string }
 *   | Failed} CallVerdict
 *
 * @typedef {{ name: string, description?: string, inputSchema?: any, outputSchema?: any }} Tool
 *
 * @typedef {{ kind: 'tools', tools: Tool[], value: any }
 *   | { kind: 'unknown-server' }
 *   | Failed} ListVerdict
 */

/** @param {Output} output @param {{ server: string, tool: string }} call @returns {CallVerdict} */
function callVerdict(output, { server, tool }) {
  const found = documents(output.stdout)
  const first = found.at(0)
  if (first !== undefined && output.exitCode === TOOL_RESULT)
    return { kind: 'result', value: first.value }
  if (first !== undefined && output.exitCode === TOOL_ERROR)
    return { kind: 'tool-error', value: first.value }

  // A server's stderr may come before mcporter's report, and may look like one.
  const report = found.findLast(
    ({ value }) => isReport(value) && value.server === server && value.tool === tool,
  )?.value
  if (report !== undefined) return failedReport(report, output)
  const listed =
    tool === 'help' ? found.findLast(({ value }) => isListing(value))?.value : undefined
  if (listed !== undefined) return { kind: 'unknown-tool', available: namesOf(listed.tools) }
  if (first === undefined) return silent(output)

  // From here on it is a mcporter that launcher.mjs could not watch: a binary, or one of another
  // build.
  const corrected = /\[mcporter\] Auto-corrected tool call to (.+) \(input: /.exec(
    `${output.stdout}\n${output.stderr}`,
  )
  if (corrected) return { kind: 'unknown-tool', insteadOf: corrected[1] }
  const isError = first.value?.isError === true && Array.isArray(first.value.content)
  return { kind: isError || output.exitCode !== 0 ? 'tool-error' : 'result', value: first.value }
}

/**
 * The tool's own answer, which launcher.mjs adds when it is asked to.
 * @param {Output} output
 * @returns {any}
 */
function rawResult({ stdout }) {
  const start = stdout.lastIndexOf(RAW_RESULT)
  try {
    return start === -1 ? undefined : JSON.parse(stdout.slice(start + RAW_RESULT.length))
  } catch {
    return undefined
  }
}

/** @param {Output} output @param {{ server: string }} list @returns {ListVerdict} */
function listVerdict(output, { server }) {
  const listing = documents(output.stdout).findLast(({ value }) => isListing(value))?.value
  // mcporter lists the server with the nearest name when there is none of that name.
  if (listing === undefined && /Unknown MCP server/.test(output.stderr))
    return { kind: 'unknown-server' }
  if (listing === undefined) return silent(output)
  if (listing.name !== server) return { kind: 'unknown-server' }
  if (!Array.isArray(listing.tools)) return failedReport(listing, output)
  return { kind: 'tools', tools: listing.tools.filter(isObject).map(toTool), value: listing }
}

/** The names in the output of `mcporter config list --json`. @param {Output} output */
function serverNames(output) {
  const list = documents(output.stdout).find(({ value }) => Array.isArray(value?.servers))
  return namesOf(list?.value.servers)
}

/**
 * The JSON of an answer; `undefined` where the answer is nested too deep for that.
 * @param {unknown} answer
 * @returns {string | undefined}
 */
function jsonOf(answer) {
  try {
    return JSON.stringify(answer)
  } catch {
    return undefined
  }
}

const DENIALS = [
  /not found|unknown|no such|not exist|not accessible|not available/i,
  /unrecogni[sz]ed|invalid tool/i,
]

/**
 * Tells if an answer reads like a server's word for "I have no such tool".
 * @param {string} text
 * @param {string} tool
 */
function deniesTool(text, tool) {
  return text.includes(JSON.stringify(tool).slice(1, -1)) && DENIALS.some((each) => each.test(text))
}

/** @param {any} report @param {Output} output @returns {{ kind: 'unknown-server' } | Failed} */
function failedReport({ error, issue, authCommand }, { stdout, stderr }) {
  if (/^Unknown MCP server /.test(error)) return { kind: 'unknown-server' }
  const detail = typeof issue?.rawMessage === 'string' ? issue.rawMessage : error
  const message = authCommand === undefined ? detail : `${detail} (run \`${authCommand}\`)`
  return { kind: 'failed', message: String(message), issue, stderr: serverStderr(stdout) + stderr }
}

/**
 * Returns the text that a server wrote before it failed. mcporter repeats it on stdout before its
 * report.
 * @param {string} stdout
 */
function serverStderr(stdout) {
  const start = stdout.indexOf('[mcporter] stderr from ')
  return start === -1 ? '' : stdout.slice(start, stdout.lastIndexOf('\n{') + 1)
}

/**
 * Returns the verdict for unreadable output: mcporter's own first error says the most.
 * @param {Output} output
 * @returns {Failed}
 */
function silent({ exitCode, signal, stderr }) {
  const lines = stderr.split(/\r?\n/).filter((line) => line.trim() !== '')
  const complaint = lines.find((line) => /^\[mcporter\] |^\w*Error: /.test(line)) ?? lines.at(-1)
  const end = signal ? `was ended by ${signal}` : `exited with code ${exitCode}`
  const said = complaint === undefined ? '' : `: ${complaint.replace('[mcporter] ', '')}`
  return { kind: 'failed', message: `mcporter ${end} without an answer${said}`, stderr }
}

/** @param {any} value */
function isReport(value) {
  return typeof value?.error === 'string' && typeof value.server === 'string'
}

/** @param {any} value */
function isListing(value) {
  return value?.mode === 'server' && typeof value.name === 'string'
}

/** @param {unknown} value */
function isObject(value) {
  return typeof value === 'object' && value !== null
}

/**
 * Returns a tool without `options`, mcporter's rendering of the schema as command-line flags.
 * @param {any} entry
 * @returns {Tool}
 */
function toTool({ options, ...tool }) {
  return tool
}

module.exports = { callVerdict, deniesTool, jsonOf, listVerdict, rawResult, serverNames }
