// Runs mcporter's command line in this process. Its arguments come as JSON through standard input,
// where they are neither limited in length (128 KiB an argument on Linux, 32 KiB in all on Windows)
// nor visible to other users.

import { writeSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'

// No module of this package is imported, because a bundled app has a copy of this file alone.
/**
 * @type {{ script: string, library?: string, args: string[], raw?: boolean, exitCodes:
 *   typeof import('./exit-codes.js') }}
 */
const { script, library, args, raw, exitCodes } = JSON.parse(await text(process.stdin))

// Another mcporter has no such library; output.js then judges by the text of the output.
if (library !== undefined) await sendOnlyOneToolCall(library).catch(() => {})
// mcporter ends itself with process.exit(), which would cut off what a slow reader has not yet
// taken from the pipe.
/** @type {any} */
const { _handle: pipe } = process.stdout
pipe?.setBlocking?.(true)
process.argv = [process.execPath, script, ...args]
await import(pathToFileURL(script).href)

/**
 * Keeps mcporter from calling another tool. For an unknown tool, mcporter calls the tool with the
 * nearest name instead ("Auto-corrected tool call"). Every later call gets the first answer here,
 * and the exit code reports the answer's kind.
 * @param {string} file
 */
async function sendOnlyOneToolCall(file) {
  const { createRuntime } = await import(pathToFileURL(file).href)
  const prototype = Object.getPrototypeOf(await createRuntime({ servers: [] }))
  const { callTool } = prototype
  /** @type {Promise<any> | undefined} */
  let answer
  /** @param {unknown[]} params */
  prototype.callTool = function (...params) {
    answer ??= callTool.apply(this, params).then((/** @type {any} */ result) => {
      process.once('exit', () => {
        if (raw) writeSync(1, exitCodes.RAW_RESULT + JSON.stringify(result))
        const { TOOL_ERROR, TOOL_RESULT } = exitCodes
        process.exitCode = result?.isError === true ? TOOL_ERROR : TOOL_RESULT
      })
      return result
    })
    return answer
  }
}
