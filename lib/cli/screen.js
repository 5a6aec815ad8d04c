'use strict'

// Repeated output: on a terminal each block replaces the one before, elsewhere it follows.

const { EXIT } = require('./failure')

const ALTERNATE = '\x1b[?1049h\x1b[?25l'
const NORMAL = '\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const CLEAR_LINE = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'
const CTRL_C = '\x03'

class Screen {
  #output
  #interval
  #isLive
  #isFirst = true
  #hasQuit = false
  /** Ends the pause that is under way. */
  #wake = () => {}
  #restore = () => this.#toNormal()

  /** @param {import('./output').Output} output @param {number} interval - ms */
  constructor(output, interval) {
    this.#output = output
    this.#interval = interval
    this.#isLive = output.isLive
    if (!this.#isLive) return
    output.raw(ALTERNATE)
    // Whatever ends this process must not leave the terminal without a cursor.
    process.on('exit', this.#restore)
    for (const signal of ['SIGTERM', 'SIGHUP']) process.once(signal, leave)
    const { stdin } = process
    if (!stdin.isTTY) return
    stdin.setRawMode(true)
    stdin.on('data', (keys) => this.#onKeys(String(keys)))
  }

  /** @param {string[]} lines */
  show(lines) {
    if (this.#isLive) {
      const shown = lines.slice(0, this.#output.room.rows - 1).map((line) => line + CLEAR_LINE)
      return this.#output.raw(`${HOME}${shown.join('\n')}\n${CLEAR_BELOW}`)
    }
    this.#output.lines(this.#isFirst ? lines : ['', ...lines])
    this.#isFirst = false
  }

  /** Waits for the next round, or until the user quits. @returns {Promise<'look' | 'quit'>} */
  async pause() {
    if (!this.#hasQuit) {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, this.#interval)
        this.#wake = () => {
          clearTimeout(timer)
          resolve(undefined)
        }
      })
    }
    return this.#hasQuit ? 'quit' : 'look'
  }

  close() {
    if (!this.#isLive) return
    this.#toNormal()
    process.off('exit', this.#restore)
    process.stdin.pause()
  }

  /** @param {string} keys */
  #onKeys(keys) {
    if (keys.includes(CTRL_C)) process.exit(EXIT.interrupted)
    if (!/q/i.test(keys)) return
    this.#hasQuit = true
    this.#wake()
  }

  #toNormal() {
    if (process.stdin.isTTY) process.stdin.setRawMode(false)
    this.#output.raw(NORMAL)
  }
}

/** @param {NodeJS.Signals} signal */
function leave(signal) {
  // With the exit code that shells give a process that a signal has ended.
  process.exit(signal === 'SIGHUP' ? 129 : 143)
}

module.exports = { Screen }
