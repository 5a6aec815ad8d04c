'use strict'

const readline = require('node:readline')

const WIDTH = 30

/** A bar on a terminal; elsewhere one line per phase. */
class Progress {
  #stream
  #label
  #total
  #done = 0
  #phase = ''

  /** @param {NodeJS.WriteStream} stream @param {string} label @param {number} total */
  constructor(stream, label, total) {
    this.#stream = stream
    this.#label = label
    this.#total = total
  }

  /** @param {string} name */
  phase(name) {
    this.#phase = name
    if (this.#stream.isTTY) this.#draw()
    else
      this.#stream.write(
        `${this.#label}: ${this.#done}/${this.#total} calls done, next phase: ${name}\n`,
      )
  }

  advance() {
    this.#done += 1
    if (this.#stream.isTTY) this.#draw()
  }

  end() {
    if (this.#stream.isTTY) this.#stream.write('\n')
    else this.#stream.write(`${this.#label}: ${this.#done}/${this.#total} calls done\n`)
  }

  #draw() {
    const filled = Math.round((this.#done / this.#total) * WIDTH)
    const bar = '#'.repeat(filled).padEnd(WIDTH, '.')
    readline.cursorTo(this.#stream, 0)
    this.#stream.write(
      `${this.#label.padEnd(14)}  [${bar}] ${this.#done}/${this.#total}  ${this.#phase}`,
    )
    readline.clearLine(this.#stream, 1)
  }
}

module.exports = { Progress }
