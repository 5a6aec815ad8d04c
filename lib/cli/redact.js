'use strict'

// Command lines that may be shown: what is known to be harmless stays, whatever could be a value
// goes.

const HIDDEN = '***'
/** Enough to tell what it is. */
const MOST_WORDS = 40

/**
 * Options after which nothing is shown: what they take may be a secret, a tool's arguments, or a
 * program.
 */
const HIDING_OPTION =
  /key|token|secret|pass|pwd|auth|cred|cookie|session|bearer|jwt|sign|dsn|header|env|arg|eval|print|data|body|json|input|user|login|pin|code|conn|hook/i
const HIDING_LETTER = /^-[A-Za-z]*[cdeHkpPu]$/
/** Any other short option may take a secret, but also a program. */
const SHORT_OPTION = /^-[A-Za-z\d]+$/
/**
 * Short options without a value, or with a module's name, by program.
 * @type {[RegExp, RegExp][]}
 */
const HARMLESS_OPTIONS = [
  [/^(npx|npm|pnpm|bunx|yarn)(\.cmd|\.exe)?$/i, /^-[yi]$/],
  [/^python[\d.]*(\.exe)?$/i, /^-[mBIsu]$/],
]
/** Words before a secret: the schemes of HTTP, and names of secrets. */
const HIDING_WORD = /^(authorization|auth|bearer|basic|digest|negotiate|pin|pwd):?$/i
const SECRET_WORD = /secret|token|passw|api.?key|credential|private/i
const SECRET_PREFIX = /^(sk|pk|rk|gh[pousr]|github_pat|xox[a-z]|npm|glpat)[-_]|^AKIA|^eyJ/
const URL_START = /^[a-z][a-z\d+.-]*:\/\//i
const PROGRAM_FILE = /\.([cm]?[jt]sx?|json|node|exe|cmd|bat|sh|py|wasm)$/i
const ABSOLUTE = /^([\\/~]|\.{1,2}[\\/]|[a-z]:[\\/])/i

/** One line of a command's arguments. @param {string[]} argv */
function commandLine(argv) {
  // A process that has given itself a title has one argument.
  const [program = '', ...args] = argv.length === 1 ? argv[0].split(/\s+/) : argv
  const name = lastOf(program)
  const words = [programName(name)]
  /** @type {Hiding} */
  let hiding = 'nothing'
  for (const arg of args.slice(0, MOST_WORDS)) {
    words.push(hides(hiding, arg) ? HIDDEN : word(arg))
    hiding = hiddenAfter(arg, name)
  }
  return args.length > MOST_WORDS ? `${words.join(' ')} ...` : words.join(' ')
}

/** @param {string} name */
function programName(name) {
  return /^[A-Za-z][\w.+-]{0,40}$/.test(name) && !isRandom(name) ? name : HIDDEN
}

/** @typedef {'all' | 'plain words' | 'nothing'} Hiding */

/**
 * Returns what is hidden of the argument after this one.
 * @param {string} arg
 * @param {string} program
 * @returns {Hiding}
 */
function hiddenAfter(arg, program) {
  if (HIDING_LETTER.test(arg)) return 'all'
  if (/^--?[^=]+$/.test(arg) && HIDING_OPTION.test(arg)) return 'all'
  if (HIDING_WORD.test(arg)) return 'all'
  if (!arg.startsWith('-'))
    return /^[\w-]+:?$/.test(arg) && SECRET_WORD.test(arg) ? 'all' : 'nothing'
  const isHarmless = HARMLESS_OPTIONS.some(
    ([name, option]) => name.test(program) && option.test(arg),
  )
  return SHORT_OPTION.test(arg) && !isHarmless ? 'plain words' : 'nothing'
}

/** @param {Hiding} hiding @param {string} arg */
function hides(hiding, arg) {
  return hiding === 'all' || (hiding === 'plain words' && isPlainWord(arg))
}

/**
 * Returns whether an argument could be a secret in one word: it has not the form of an option, an
 * address, a path, a program's file, or a package with its scope or version.
 * @param {string} arg
 */
function isPlainWord(arg) {
  return !(
    arg.startsWith('-') ||
    URL_START.test(arg) ||
    ABSOLUTE.test(arg) ||
    PROGRAM_FILE.test(arg) ||
    /^@[a-z\d][\w.-]*\/|.@\d+\./.test(arg)
  )
}

/** @param {string} arg */
function word(arg) {
  if (URL_START.test(arg)) return address(arg)
  const [, name] = /^([^=]*)=/.exec(arg) ?? []
  if (name !== undefined) return isOption(name) || isVariable(name) ? `${name}=${HIDDEN}` : HIDDEN
  if (arg.startsWith('-')) return option(arg)
  if (ABSOLUTE.test(arg)) return pathEnd(arg)
  return isHarmless(arg) ? arg : HIDDEN
}

/** @param {string} arg */
function option(arg) {
  if (isOption(arg)) return arg
  // A value may hang on a letter: -phunter2.
  return /^-[A-Za-z]/.test(arg) ? `${arg.slice(0, 2)}${HIDDEN}` : HIDDEN
}

/** @param {string} text */
function isOption(text) {
  return (
    text === '-' ||
    text === '--' ||
    /^-[A-Za-z]{1,2}$/.test(text) ||
    (/^--[A-Za-z][\w.-]{0,40}$/.test(text) && !isRandom(text))
  )
}

/** Where it points to, without what is on the way. @param {string} arg */
function address(arg) {
  if (!URL.canParse(arg)) return HIDDEN
  const { protocol, host, pathname } = new URL(arg)
  if (protocol === 'file:') return pathEnd(pathname)
  return `${protocol}//${isRandom(host) ? HIDDEN : host}/...`
}

/**
 * A program, without the folders above it: they are the user's own business.
 * @param {string} path
 */
function pathEnd(path) {
  const segments = path.split(/[\\/]/).filter(Boolean)
  const last = segments.at(-1) ?? ''
  const modules = segments.lastIndexOf('node_modules')
  const isProgram =
    modules >= 0 || PROGRAM_FILE.test(last) || /^\.?bin$/.test(segments.at(-2) ?? '')
  const shown = modules >= 0 ? segments.slice(modules) : [last]
  return isProgram && shown.every(isHarmlessSegment) ? `.../${shown.join('/')}` : `.../${HIDDEN}`
}

/** A word that names something: a command, a package, a file, a port. @param {string} arg */
function isHarmless(arg) {
  if (/^\d{1,5}$/.test(arg)) return true
  const [, scope, name] =
    /^(?:(@[a-z\d][\w.-]*)\/)?([^@]+)(?:@[\^~]?\d[\w.-]*|@[a-z]+)?$/.exec(arg) ?? []
  if (scope !== undefined) return isHarmlessSegment(scope.slice(1)) && isHarmlessSegment(name)
  if (name === undefined || arg.length > 80 || (isRandom(arg) && !PROGRAM_FILE.test(arg)))
    return false
  return name.split(/[\\/]/).every(isHarmlessSegment)
}

/** @param {string} text */
function isHarmlessSegment(text) {
  if (text === '.bin' || text === '.pnpm' || /^@[a-z\d][a-z\d._-]{0,40}$/.test(text))
    return !isRandom(text)
  if (PROGRAM_FILE.test(text))
    return /^[\w.@-]{1,60}$/.test(text) && !isRandom(text.replace(PROGRAM_FILE, ''))
  return harmlessName(text)
}

/** @param {string} text */
function harmlessName(text) {
  return /^[A-Za-z][A-Za-z._-]{0,40}$/.test(text) && !isRandom(text) && !SECRET_WORD.test(text)
}

/** @param {string} text */
function isVariable(text) {
  return /^[A-Za-z_]\w{0,40}$/.test(text) && !isRandom(text)
}

/** @param {string} text */
function isRandom(text) {
  if (SECRET_PREFIX.test(text)) return true
  if (/[\da-f]{16}/i.test(text) || /[A-Za-z\d+/]{25}/.test(text)) return true
  if (/(?=[A-Za-z]*\d)[A-Za-z\d]{12}/.test(text)) return true
  // HTTPServer and camelCase turn from small to large a few times, random letters all the time.
  return (text.match(/[a-z][A-Z]/g) ?? []).length > 3
}

/** @param {string} path */
function lastOf(path) {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}

module.exports = { commandLine }
