'use strict'

// Explains why the addon does not load. Node.js, npm and the system's loader each say a part of it.

/**
 * @typedef {object} Host
 * @property {NodeJS.Platform} platform
 * @property {string} arch
 * @property {string} target the platform's name in the names of packages and files
 * @property {string} version of Node.js
 * @property {string} [override] the file that NAPI_RS_NATIVE_LIBRARY_PATH names
 * @property {boolean} hasPermissions whether Node.js's permission model is on
 */

/** @typedef {{ reason: string, cause: string, cure: string }} Problem */

const REINSTALL = 'remove node_modules/procward* and install again'
const NOT_FOUND = /^Cannot find module /
// The generated loader asks for these last; no such package is published.
const NEVER_THERE = /wasm32-wasi|\.wasi\.cjs/

/**
 * In order: an earlier line wins over a later one.
 * @type {{ reason: string, words: RegExp, cause: string, cure: string }[]}
 */
const BY_WORDS = [
  {
    reason: 'unsupported',
    words: /^Unsupported (OS|architecture)/,
    cause: 'there is no build for this platform',
    cure: 'use one of the platforms in docs/platforms.md, or build the addon from source',
  },
  {
    reason: 'libc',
    words: /musl|GLIBC(XX)?_|GCC_\d|symbol not found/,
    cause: 'the file is for another C library, or for a newer one',
    cure: 'install on the system that runs the app (a node_modules folder does not move between Alpine and other systems)',
  },
  {
    reason: 'noexec',
    words: /failed to map segment|Operation not permitted/,
    cause: 'the folder does not allow to execute files (a noexec mount)',
    cure: 'install the app in a folder that allows it, or remount that folder with exec',
  },
  {
    reason: 'corrupt',
    words:
      /invalid ELF header|file too short|wrong ELF class|truncated|not a mach-o|slice is not valid|not a valid Win32 application|incompatible architecture|self-register/i,
    cause: 'the file is damaged, or is for another system',
    cure: REINSTALL,
  },
  {
    reason: 'unreadable',
    words: /Permission denied|EACCES|EPERM/,
    cause: 'this user may not read the file',
    cure: 'give the user that runs the app the right to read node_modules',
  },
]

/**
 * Tells the cause from the errors of all attempts.
 * @param {string[]} messages
 * @param {Host} host
 * @returns {Problem}
 */
function explain(messages, host) {
  const told = messages.filter((message) => !NEVER_THERE.test(message))
  if (told.some((message) => /addons is disabled/.test(message))) return disabled(host)
  for (const { words, ...problem } of BY_WORDS)
    if (told.some((message) => words.test(message))) return problem
  const others = told.filter((message) => !NOT_FOUND.test(message) && !isOfTheLoader(message))
  if (others.length > 0) {
    const [cause] = others[0].split('\n')
    return { reason: 'other', cause, cure: REINSTALL }
  }
  return missing(host)
}

/** @param {string} message */
function isOfTheLoader(message) {
  return /^(Cannot find|Failed to load) native binding/.test(message)
}

/** @param {Host} host @returns {Problem} */
function disabled({ hasPermissions }) {
  return hasPermissions
    ? {
        reason: 'permission',
        cause: "Node.js's permission model forbids addons (--permission)",
        cure: 'start Node.js with --allow-addons',
      }
    : {
        reason: 'no-addons',
        cause: 'Node.js was started with --no-addons',
        cure: 'start Node.js without --no-addons; look into NODE_OPTIONS too',
      }
}

/** @param {Host} host @returns {Problem} */
function missing({ target, override }) {
  if (override !== undefined)
    return {
      reason: 'missing',
      cause: `there is no file ${override}, which NAPI_RS_NATIVE_LIBRARY_PATH names`,
      cure: 'unset NAPI_RS_NATIVE_LIBRARY_PATH, or let it name a procward.*.node file',
    }
  return {
    reason: 'missing',
    cause: `the optional package procward-${target} is not installed`,
    cure:
      'remove node_modules and package-lock.json and install again without --omit=optional ' +
      '(a lock file of another platform can leave the package out: npm/cli#4828)',
  }
}

/**
 * The whole text: the host, the cause, the attempts, and three ways out.
 * @param {Problem} problem
 * @param {Host} host
 */
function problemText({ cause, cure }, { target, version, override }) {
  const tried =
    override ?? `procward.${target}.node beside procward, the package procward-${target}`
  return [
    `procward's native addon cannot be loaded on ${target} by Node.js ${version}: ${cause}.`,
    `Tried: ${tried}.`,
    `Ways out: 1. ${cure}.`,
    '2. In a git checkout of procward, `npm install && npm run build` builds the addon (needs Rust).',
    '3. Set NAPI_RS_NATIVE_LIBRARY_PATH to a procward.*.node file that was built for this system.',
  ].join('\n')
}

/**
 * The platform's name in the names of packages and files.
 * @param {string} platform
 * @param {string} arch
 * @param {string | undefined} glibc the version of glibc that runs here
 */
function targetOf(platform, arch, glibc) {
  if (platform === 'linux') return `linux-${arch}-${glibc === undefined ? 'musl' : 'gnu'}`
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`
}

module.exports = { explain, problemText, targetOf }
