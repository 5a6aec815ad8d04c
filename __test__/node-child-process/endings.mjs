// Waits for the end of children, and for that of everything that a test started.
import { fileURLToPath } from 'node:url'

export { nothingLeft } from '../support/processes.mjs'

/** The file of the programs that children run: the first argument names one. */
export const programs = fileURLToPath(new URL('programs.cjs', import.meta.url))

/**
 * Collects the outputs, messages and errors of a child until the event `close`.
 * @param {import('node:child_process').ChildProcess} child
 */
export async function closed(child) {
  const ending = collect(child)
  const [code, signal] = await eventOf(child, 'close')
  return { ...ending, code, signal }
}

/**
 * The same until the event `exit` and the ends of its outputs: Node.js emits no `close` after
 * `disconnect()` in the parent.
 * @param {import('node:child_process').ChildProcess} child
 */
export async function exited(child) {
  const ending = collect(child)
  const outputs = [child.stdout, child.stderr].filter(Boolean)
  const [[code, signal]] = await Promise.all([
    eventOf(child, 'exit'),
    ...outputs.map((output) => eventOf(output, 'close')),
  ])
  return { ...ending, code, signal }
}

/**
 * Waits for the callback of `exec` or `execFile`, and gives its arguments.
 * @param {(done: (...results: any[]) => void) => unknown} start
 * @returns {Promise<{ error: any, stdout: any, stderr: any }>}
 */
export function outputsOf(start) {
  return new Promise((resolve) => {
    start((error, stdout, stderr) => resolve({ error, stdout, stderr }))
  })
}

/**
 * Returns a command for a shell that runs one of the programs. The program takes the shell's place,
 * so that a signal to the shell reaches it.
 * @param {...string} words
 */
export function nodeCommand(...words) {
  const command = [process.execPath, programs, ...words].map((word) => `"${word}"`).join(' ')
  return process.platform === 'win32' ? command : `exec ${command}`
}

function collect(child) {
  const ending = { stdout: '', stderr: '', messages: [], errors: [] }
  for (const name of ['stdout', 'stderr'])
    child[name]?.setEncoding('utf8').on('data', (text) => {
      ending[name] += text
    })
  child.on('message', (message) => ending.messages.push(message))
  child.on('error', (error) => ending.errors.push(error))
  return ending
}

/** Unlike `once` of node:events, does not fail at the event `error`. */
function eventOf(emitter, name) {
  return new Promise((resolve) => emitter.once(name, (...values) => resolve(values)))
}

/** A child's end without an error: for `deepEqual` with `code` and `signal` of an ending. */
export const SUCCESS = { code: 0, signal: null }

/** The exit status alone. */
export const statusOf = ({ code, signal }) => ({ code, signal })
