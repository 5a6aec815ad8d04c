'use strict'

// Finds the package that starts a child, and the function that it calls, from the stack.

/** Packages that only start commands for others. Named if no other package called them. */
const STARTERS = new Set(['cross-spawn', 'execa', 'nano-spawn', 'tinyexec'])
const MOST_FRAMES = 24
const OWN_FOLDERS = [__dirname, `${__dirname.replace(/[^/\\]+$/, '')}child_process.js`]

/**
 * Returns the name of the calling package, `undefined` for the program's own code, and whether the
 * caller gets the outcome later, by `exec` or `execFile`. Never throws.
 * @returns {{ server: string | undefined, isExec: boolean }}
 */
function caller() {
  let starter
  let isExec = false
  for (const { file, name } of callingFunctions()) {
    isExec ||= file === 'node:child_process' && name === 'execFile'
    if (file.startsWith('node:') || OWN_FOLDERS.some((own) => file.includes(own))) continue
    const server = packageOf(file)
    if (server === undefined) break
    if (!STARTERS.has(server)) return { server, isExec }
    starter ??= server
  }
  return { server: starter, isExec }
}

/**
 * Returns the functions on the stack with their files, the innermost first.
 * @returns {{ file: string, name: string | null }[]}
 */
function callingFunctions() {
  const { stackTraceLimit } = Error
  const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  try {
    Error.stackTraceLimit = MOST_FRAMES
    Error.prepareStackTrace = (_, sites) => sites
    /** @type {{ stack?: any }} */
    const holder = {}
    Error.captureStackTrace(holder, caller)
    const { stack } = holder
    return stack.map((/** @type {NodeJS.CallSite} */ site) => ({
      file: site.getFileName() ?? 'node:none',
      name: site.getFunctionName(),
    }))
  } catch {
    // The errors of this program are frozen.
    return []
  } finally {
    restore(stackTraceLimit, prepare)
  }
}

/** @param {number} stackTraceLimit @param {PropertyDescriptor | undefined} prepare */
function restore(stackTraceLimit, prepare) {
  try {
    Error.stackTraceLimit = stackTraceLimit
    if (prepare) Object.defineProperty(Error, 'prepareStackTrace', prepare)
    else Reflect.deleteProperty(Error, 'prepareStackTrace')
  } catch {
    // The errors of this program are frozen.
  }
}

/** @param {string} file */
function packageOf(file) {
  const [, name] = /.*[/\\]node_modules[/\\]((?:@[^/\\]+[/\\])?[^/\\]+)/.exec(file) ?? []
  return name?.replace('\\', '/')
}

module.exports = { caller }
