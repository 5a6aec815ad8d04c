'use strict'

// Runs a command below a warden, with the standard streams and the process group of this process,
// so that the command keeps the terminal's foreground.

const { once } = require('node:events')
const { channels } = require('../../diagnostics')
const { EXIT } = require('../failure')
const { PassedSignals, interruptThisProcess } = require('../run/signals')
const { Tree } = require('../run/tree')
const { duration } = require('../text')
const { signals: NUMBERS } = require('node:os').constants

/** @type {import('../main').Run} */
async function run({ words: [file, ...args], timeout, grace }, output) {
  channels.unguarded.subscribe((message) => {
    const { reason } = /** @type {{ reason: string }} */ (message)
    output.warn(`the command runs without a guard, so its processes may outlive it (${reason})`)
  })
  const tree = new Tree(file, args, grace)
  new PassedSignals(tree)
  let isTimedOut = false
  const onTimeout = () => {
    isTimedOut = true
    output.warn(`timed out after ${duration(timeout)}`)
    tree.terminate()
  }
  const timer = timeout === Infinity ? undefined : setTimeout(onTimeout, timeout)
  try {
    const [code, signal] = await once(tree.child, 'exit')
    await tree.endRest()
    if (isTimedOut) return EXIT.timedOut
    if (signal === null) return code
    if (signal === 'SIGINT') interruptThisProcess()
    return 128 + NUMBERS[/** @type {NodeJS.Signals} */ (signal)]
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error)
    output.error(message)
    return code === 'ENOENT' ? EXIT.notFound : EXIT.notExecutable
  } finally {
    clearTimeout(timer)
  }
}

module.exports = { run }
