'use strict'

// The line of a server's stderr that tells most of why the server has failed. Runtimes and tools
// write more after that line: stack traces, versions, places of logs.

const { readable } = require('../terminal-text')

const MAX_LINE = 300
/** The number of lines, without noise, among which an error is looked for. */
const MAX_LOOKED_AT = 20

const NOISE = [
  /^\s*$/,
  // Versions and hints of runtimes.
  /^(?:Node\.js|Bun|Deno) v\d/,
  /^\(Use `node /,
  /^note: /,
  // Places: stack traces of Node.js, Java and Go, and files with a line's number.
  /^\s+(?:at|\.\.\.) /,
  /^(?:goroutine \d+ \[|exit status \d)/,
  /^\S+:\d+(?::\d+)?$/,
  // Carets below an echo of the source, and the ends of an error's properties.
  /^[\s^~]+$/,
  /^[\s\])}]+$/,
  // Lines of npm around its reason.
  /^npm (?:error|ERR!)\s*(?:\d+\s*)?$/,
  /^npm (?:error|ERR!) (?:code|errno|syscall|path|command sh|A complete log|Log files|\s+\S*_logs)/,
]
const NPM = /^npm (?:error|ERR!) /
const PANIC = /^thread '.*' (?:\(\d+\) )?panicked at /
const ERROR =
  /^\[?(?:[\w./-]{1,100}: )?(?:fatal |uncaught )?(?:[\w$.]{1,200})?(?:error|exception|interrupt|rejection|panic|fatal)(?:: |:[\w.]+:| \[\w+\]: ?| (?:in thread|in|while|response) )/i
/** An error without a message: `KeyError`, as Python writes it. */
const BARE_ERROR = /^[\w$.]{0,200}(?:Error|Exception|Interrupt)$/

/**
 * Returns the telling line of what a server wrote, or an empty text. A line is cut after 300
 * characters.
 * @param {string} stderr
 */
function tellingLine(stderr) {
  const lines = readable(stderr).split('\n')
  const at = tellingIndex(lines)
  if (at === undefined) return ''
  const line = lines[at].trim()
  // The message of a panic stands below its place.
  const text =
    PANIC.test(line) && line.endsWith(':') ? `${line} ${(lines[at + 1] ?? '').trim()}` : line
  return text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text
}

/** @param {string[]} lines */
function tellingIndex(lines) {
  const telling = lines.flatMap((line, at) => (NOISE.some((noise) => noise.test(line)) ? [] : [at]))
  const error = telling
    .slice(-MAX_LOOKED_AT)
    .reverse()
    .find((at) => isError(lines[at]))
  const last = telling.at(-1)
  if (error === undefined) return last ?? lastWithText(lines)
  return NPM.test(lines[error]) ? firstOfNpm(lines, telling, error) : error
}

/** @param {string} line */
function isError(line) {
  return NPM.test(line) || PANIC.test(line) || ERROR.test(line) || BARE_ERROR.test(line)
}

/**
 * Returns the first of npm's lines about one failure, because the further ones are advice.
 * @param {string[]} lines
 * @param {number[]} telling
 * @param {number} at
 */
function firstOfNpm(lines, telling, at) {
  let first = telling.indexOf(at)
  while (first > 0 && NPM.test(lines[telling[first - 1]])) first--
  return telling[first]
}

/** @param {string[]} lines */
function lastWithText(lines) {
  const at = lines.findLastIndex((line) => line.trim() !== '')
  return at === -1 ? undefined : at
}

module.exports = { tellingLine }
