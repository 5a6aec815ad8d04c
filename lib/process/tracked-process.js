'use strict'

const { EventEmitter } = require('node:events')
const { Writable } = require('node:stream')
const { codedError, emitSafely } = require('../errors')
const validate = require('../validate')
const { decodeLines } = require('./decode')
const { OutputLines } = require('./output-lines')
const { bytes } = require('./request')

/** Bytes of lines after which a slow iteration makes the command wait. */
const ITERATION_BYTES = 64 * 1024

/** @typedef {(...args: any[]) => void} Handler */
/** @typedef {import('node:stream').Readable} Readable */
/** @typedef {import('../../binding').ProcessCall} ProcessCall */

/** A process that streams its output as events, line by line. */
class TrackedProcess extends EventEmitter {
  #call
  /** For stdin and stdout. @type {boolean[]} */
  #isPipe
  #isPiped = false
  /** A source is connected to stdin, and closes it at its end. */
  #isFed
  /** @type {number | null} */
  #pid = null
  /** @type {Promise<any>} */
  #exited
  #stdout
  #stderr
  /** @type {Writable | undefined} */
  #stdin
  /** @type {{ stdout?: Readable, stderr?: Readable, all?: Readable }} */
  #streams = {}
  #hasAll
  #encoding

  /**
   * @param {ProcessCall} call
   * @param {ReturnType<typeof import('./request').processRequest>} request
   * @param {(listener: (event: import('../../binding').ProcessEvent) => void) => Promise<any>}
   *   start
   */
  constructor(call, request, start) {
    super()
    this.#call = call
    const { streams = [{}, {}] } = request.native
    this.#isPipe = streams.map((choice) => Object.keys(choice).length === 0)
    this.#stdout = new OutputLines(this, 'line', linesOf(call, 'stdout', request))
    this.#stderr = new OutputLines(this, 'errorLine', linesOf(call, 'stderr', request))
    this.#isFed = request.source !== undefined
    this.#hasAll = request.native.all
    this.#encoding = request.encoding
    this.server = request.native.server ?? null
    this.tool = request.native.tool ?? null
    this.startTime = Date.now()
    if (request.input) call.write(request.input)
    this.#exited = start((event) => this.#onEvent(event))
    // Handles the rejection, so that a caller need not catch `exited`.
    this.#exited.then(
      (result) => this.emit('exit', result, null),
      (error) => this.emit('exit', null, error),
    )
  }

  /** Pid of the command itself. `null` until the process has started. */
  get pid() {
    return this.#pid
  }

  /** Settles like `run()`, once the whole tree has exited. */
  get exited() {
    this.#read()
    return this.#exited
  }

  /** @override @param {any} event @param {Handler} listener */
  on(event, listener) {
    this.#claim(event)
    return super.on(event, listener)
  }

  /** @override @param {any} event @param {Handler} listener */
  addListener(event, listener) {
    return this.on(event, listener)
  }

  /** @override @param {any} event @param {Handler} listener */
  prependListener(event, listener) {
    this.#claim(event)
    return super.prependListener(event, listener)
  }

  /**
   * Iterates over the lines of stdout. A slow loop makes the command wait.
   * @returns {AsyncGenerator<string | Buffer, void, void>}
   */
  async *[Symbol.asyncIterator]() {
    if (this.#streams.stdout) throw require('./output-stream').usedAsStream('stdout')
    /** @type {(string | Buffer)[]} */
    let lines = []
    let size = 0
    let hasExited = false
    let wake = () => {}
    const onLine = (/** @type {string | Buffer} */ line) => {
      lines.push(line)
      size += line.length + 1
      if (size >= ITERATION_BYTES) this.#stdout.pause(onLine)
      wake()
    }
    const onExit = () => {
      hasExited = true
      wake()
    }
    this.on('line', onLine)
    try {
      // The exit may be known before the kept lines are emitted.
      this.#stdout.flush()
      this.#exited.then(onExit, onExit)
      while (!hasExited || lines.length > 0) {
        const read = lines
        lines = []
        size = 0
        yield* read
        this.#stdout.resume(onLine)
        if (!hasExited && lines.length === 0)
          await new Promise((resolve) => {
            wake = () => resolve(undefined)
          })
      }
      await this.#exited
    } finally {
      this.off('line', onLine)
      this.#stdout.resume(onLine)
    }
  }

  /**
   * @param {string | Uint8Array} data
   * @returns {Promise<void>} once the data is written to stdin
   */
  async write(data) {
    if (await this.#call.write(bytes(data))) return
    throw codedError(
      'ERR_INPUT_CLOSED',
      'The process takes no more input: stdin was closed, or the process has exited',
    )
  }

  /** A stream to stdin, with back-pressure. Made on use. Destroyed when the tree has exited. */
  get stdin() {
    if (this.#stdin) return this.#stdin
    const stdin = new Writable({
      write: (chunk, _encoding, done) => {
        this.write(chunk).then(() => done(), done)
      },
      final: (done) => {
        this.#call.endInput()
        done()
      },
      destroy: (error, done) => {
        this.#call.endInput()
        done(error)
      },
    })
    const destroy = () => {
      stdin.destroy()
    }
    this.#exited.then(destroy, destroy)
    this.#stdin = stdin
    return stdin
  }

  /** Standard output as a stream. Made on use. */
  get stdout() {
    return this.#stream('stdout')
  }

  /** Standard error as a stream. Made on use. */
  get stderr() {
    return this.#stream('stderr')
  }

  /** Both outputs as one stream, with the option `all`. Made on use. */
  get all() {
    if (!this.#hasAll) return undefined
    const { merged } = require('./output-stream')
    this.#streams.all ??= merged([this.stdout, this.stderr])
    return this.#streams.all
  }

  /**
   * Closes stdin, after writing `data` if given.
   * @param {string | Uint8Array} [data]
   * @returns {Promise<void>}
   */
  async end(data) {
    const last = data === undefined ? undefined : bytes(data)
    const written = last && this.write(last)
    this.#call.endInput()
    await written
  }

  /**
   * Connects standard output to the stdin of another process.
   * @param {TrackedProcess} destination
   */
  pipe(destination) {
    return require('./pipe').connect(this, destination, TrackedProcess.#checkPair)
  }

  /**
   * Checks two processes that are about to be connected.
   * @param {TrackedProcess} source
   * @param {unknown} destination
   */
  static #checkPair(source, destination) {
    if (!(destination instanceof TrackedProcess) || destination === source)
      throw validate.invalidArgument('destination', 'another process of spawn()', destination)
    for (const [is, problem] of /** @type {const} */ ([
      [source.#isPipe[1], "needs the stdout 'pipe'"],
      [destination.#isPipe[0], "needs the stdin 'pipe'"],
      [!source.#isPiped, 'connects a standard output once'],
      [!destination.#isFed, 'needs a stdin that no other source is connected to'],
    ]))
      if (!is) throw codedError('ERR_INVALID_CONFIG', `pipe() ${problem}`)
    // An output that is read as lines throws here, before anything is connected.
    void source.stdout
    source.#isPiped = destination.#isFed = true
  }

  /**
   * Sends a signal to the command itself, or without a signal terminates the whole tree.
   * @param {NodeJS.Signals | number | { killGrace?: number }} [signal]
   * @returns {any} whether the signal was sent, or a promise that resolves once the tree has exited
   */
  kill(signal) {
    if (typeof signal !== 'string' && typeof signal !== 'number') return this.#terminate(signal)
    const number = signal === 0 ? 0 : require('../signals').signalNumber(signal)
    if (number === undefined)
      throw codedError('ERR_UNKNOWN_SIGNAL', `Unknown signal: ${validate.show(signal)}`)
    return this.#call.signal(number)
  }

  /** @param {unknown} options */
  async #terminate(options) {
    const { killGrace } = validate.options('options', options, ['killGrace'])
    this.#read()
    this.#call.terminate(
      'aborted',
      killGrace === undefined ? undefined : validate.time('killGrace', killGrace),
    )
    await this.#exited.catch(() => {})
  }

  /** @param {import('../../binding').ProcessEvent} event */
  #onEvent({ pid, lines, errorLines }) {
    if (pid !== undefined) {
      this.#pid = pid
      emitSafely(this, 'spawn', pid)
      this.#stdout.begin()
      this.#stderr.begin()
    }
    this.#stdout.push(decodeLines(lines, this.#encoding))
    this.#stderr.push(decodeLines(errorLines, this.#encoding))
  }

  /** @param {'stdout' | 'stderr'} output */
  #stream(output) {
    // Loaded on use, because most callers read lines.
    const { outputStream } = require('./output-stream')
    this.#streams[output] ??= outputStream(this.#call, output)
    return this.#streams[output]
  }

  /** Starts to read both outputs. Without a listener, their first bytes are kept. */
  #read() {
    this.#stdout.read()
    this.#stderr.read()
  }

  /**
   * Starts to read when a listener needs the outputs. A listener to one output starts both, because
   * the other one could make the command wait.
   * @param {unknown} event
   */
  #claim(event) {
    if (event === 'line') this.#stdout.claim()
    if (event === 'errorLine') this.#stderr.claim()
    if (event === 'line' || event === 'errorLine' || event === 'exit') this.#read()
  }
}

/**
 * @param {ProcessCall} call
 * @param {'stdout' | 'stderr'} output
 * @param {ReturnType<typeof import('./request').processRequest>} request
 * @returns {import('./output-lines').Source}
 */
function linesOf(call, output, { native, encoding }) {
  return {
    keep: () => call.keep(output),
    claim: () => decodeLines(call.claimLines(output, native.text), encoding),
    pause: (isBehind) => call.pause(output, isBehind),
  }
}

module.exports = { TrackedProcess }
