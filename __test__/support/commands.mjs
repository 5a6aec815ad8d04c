// Children for tests.

/** Why the shell scripts of these tests can't run here, or `false`: for a test's `skip`. */
export const noShell = process.platform === 'win32' ? 'needs a POSIX shell' : false

/**
 * The command and arguments of a shell script.
 * @param {string} script
 * @param {string[]} args
 * @returns {[string, string[]]}
 */
export function sh(script, ...args) {
  return ['/bin/sh', ['-c', script, 'sh', ...args]]
}

/**
 * The same for a Node.js program.
 * @param {string} program
 * @param {string[]} args
 * @returns {[string, string[]]}
 */
export function node(program, ...args) {
  return [process.execPath, ['--eval', program, '--', ...args]]
}
