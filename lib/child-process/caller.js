'use strict'

// Finds the package that starts a child, from the stack.

/** Packages that only start commands for others. Named if no other package called them. */
const STARTERS = new Set(['cross-spawn', 'execa', 'nano-spawn', 'tinyexec'])
const MOST_FRAMES = 24
const OWN_FOLDERS = [__dirname, `${__dirname.replace(/[^/\\]+$/, '')}child_process.js`]

/**
 * Returns the name of the calling package. `undefined` for the program's own code. Never throws.
 * @returns {string | undefined}
 */
function callingPackage() {
  let starter
  for (const file of callingFiles()) {
    if (file.startsWith('node:') || OWN_FOLDERS.some((own) => file.includes(own))) continue
    const name = packageOf(file)
    if (name === undefined) return starter
    if (!STARTERS.has(name)) return name
    starter ??= name
  }
  return starter
}

/** Returns the files of the functions on the stack, the innermost first. @returns {string[]} */
function callingFiles() {
  const { stackTraceLimit } = Error
  const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  try {
    Error.stackTraceLimit = MOST_FRAMES
    Error.prepareStackTrace = (_, sites) => sites
    /** @type {{ stack?: any }} */
    const holder = {}
    Error.captureStackTrace(holder, callingPackage)
    const { stack } = holder
    return stack.map((/** @type {NodeJS.CallSite} */ site) => site.getFileName() ?? 'node:none')
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

module.exports = { callingPackage }
