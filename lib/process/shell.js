'use strict'

const { windowsShell } = require('../config')
const validate = require('../validate')

/**
 * Returns the call of a shell that runs the words as one line, with the arguments that Node.js
 * gives to the shell.
 * @param {unknown} shell the option, which is not `false`
 * @param {string[]} words
 */
function shellCommand(shell, words) {
  if (shell !== true && (typeof shell !== 'string' || shell === ''))
    throw validate.invalidConfig('shell', 'true, false, or the name or path of a shell', shell)
  const given = shell === true ? undefined : validate.string('shell', shell)
  const line = words.join(' ')
  if (process.platform !== 'win32') return { command: given ?? '/bin/sh', args: ['-c', line] }
  const command = given ?? windowsShell()
  if (!/^(?:.*\\)?cmd(?:\.exe)?$/i.test(command)) return { command, args: ['-c', line] }
  // cmd.exe reads its line by rules of its own, so the line must not be quoted once more.
  return { command, args: ['/d', '/s', '/c', `"${line}"`], verbatim: true }
}

module.exports = { shellCommand }
