'use strict'

// Passes this process's signals on to a command of the same process group.

const { isatty } = require('node:tty')
const native = require('../../native')
const { signals: NUMBERS } = require('node:os').constants

const ENDING = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])
const OTHERS = /** @type {const} */ (['SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT', 'SIGTSTP'])
/** The signals that a terminal sends to its whole foreground group. */
const OF_TERMINAL = ['SIGINT', 'SIGQUIT', 'SIGWINCH', 'SIGTSTP']
const IS_WINDOWS = process.platform === 'win32'
/** On Windows no other signal comes from a terminal, and passing one on kills the command. */
const PASSED = IS_WINDOWS ? /** @type {const} */ (['SIGINT', 'SIGHUP']) : [...ENDING, ...OTHERS]

/** The signals of this process, passed on from now on. */
class PassedSignals {
  #tree

  /** @param {import('./guarded-tree').GuardedTree | import('./tracked-tree').TrackedTree} tree */
  constructor(tree) {
    this.#tree = tree
    for (const name of PASSED) process.on(name, () => this.#pass(name))
    // The command line's own listener ends this process.
    process.removeAllListeners('SIGINT').on('SIGINT', () => this.#pass('SIGINT'))
    native.noteSignalOrigins(PASSED.map((name) => NUMBERS[name]))
  }

  /** @param {(typeof PASSED)[number]} name */
  #pass(name) {
    if (!this.#tree.isRunning) {
      // The command has exited, and the user does not wait for the rest.
      if (/** @type {readonly string[]} */ (ENDING).includes(name)) this.#tree.terminate(0)
    } else if (!IS_WINDOWS && !this.#hasReached(name)) this.#tree.signal(name)
    // So that the shell takes the terminal back.
    if (name === 'SIGTSTP') process.kill(process.pid, 'SIGSTOP')
  }

  /** Returns whether the terminal has sent the signal to the command too. @param {string} name */
  #hasReached(name) {
    if (!OF_TERMINAL.includes(name)) return false
    if (process.platform === 'linux')
      return native.terminalReached(NUMBERS[/** @type {NodeJS.Signals} */ (name)], this.#tree.pid)
    return isatty(0)
  }
}

/**
 * Ends this process by SIGINT, as the command ended, so that a shell script around it ends too.
 */
function interruptThisProcess() {
  if (IS_WINDOWS) return
  process.removeAllListeners('SIGINT')
  process.kill(process.pid, 'SIGINT')
}

module.exports = { PassedSignals, interruptThisProcess }
