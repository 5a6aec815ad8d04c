'use strict'

// Data goes to stdout, everything that is about the command itself to stderr.

const util = require('node:util')
const { plain, plainJson, wrapped } = require('./text')

/** Grows when a field changes or goes, not when one comes. */
const SCHEMA_VERSION = 1

/**
 * @typedef {object} Settings
 * @property {boolean} json
 * @property {boolean} quiet
 * @property {boolean | undefined} color - undefined where that is up to the terminal
 * @property {NodeJS.WriteStream} stdout
 * @property {NodeJS.WriteStream} stderr
 */

class Output {
  #settings

  /** @param {Settings} settings */
  constructor(settings) {
    this.#settings = settings
  }

  get isJson() {
    return this.#settings.json
  }

  /** `true` when the output can be overwritten. */
  get isLive() {
    const { json, quiet, stdout } = this.#settings
    return !json && !quiet && stdout.isTTY === true
  }

  /** The width and height of the terminal; without a terminal, infinite. */
  get room() {
    const { isTTY, columns, rows } = this.#settings.stdout
    return isTTY
      ? { columns: columns || 80, rows: rows || 24 }
      : { columns: Infinity, rows: Infinity }
  }

  /** One document, for programs. @param {string} command @param {object} value */
  document(command, value) {
    if (this.#settings.json)
      this.#write(JSON.stringify(plainJson({ schemaVersion: SCHEMA_VERSION, command, ...value })))
  }

  /** For people. @param {string[]} lines */
  lines(lines) {
    if (!this.#settings.json && !this.#settings.quiet && lines.length > 0)
      this.#write(lines.join('\n'))
  }

  /** Terminal codes. @param {string} text */
  raw(text) {
    this.#settings.stdout.write(text)
  }

  /** @param {string} message */
  warn(message) {
    if (!this.#settings.quiet) this.error(message)
  }

  /**
   * Writes a message, and lines below it.
   * @param {string} message
   * @param {string[]} [lines]
   */
  error(message, lines = []) {
    const { isTTY, columns } = this.#settings.stderr
    const width = isTTY && columns ? columns : Infinity
    const text = wrapped(`procward: ${plain(message, 1000)}`, width, 2)
    const below = lines.map((line) => plain(line, 1000))
    this.#settings.stderr.write(`${[...text, ...below].join('\n')}\n`)
  }

  /** A line no longer than the terminal is wide. @param {string} line */
  fit(line) {
    const { columns } = this.room
    const characters = [...line]
    return characters.length <= columns ? line : characters.slice(0, columns).join('')
  }

  /** @param {'bold' | 'dim' | 'red' | 'yellow' | 'green'} format @param {string} text */
  style(format, text) {
    const { color, stdout } = this.#settings
    // styleText is younger than the oldest Node.js 20.
    if (!(color ?? stdout.isTTY === true) || util.styleText === undefined) return text
    const options = /** @type {any} */ ({ validateStream: false })
    return /** @type {any} */ (util.styleText)(format, text, options)
  }

  /** @param {string} text */
  #write(text) {
    this.#settings.stdout.write(`${text}\n`)
  }
}

module.exports = { Output, SCHEMA_VERSION }
