import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'

const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')
const STRICT = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node']

/**
 * Checks the types of a module, and writes its JavaScript beside it.
 * @param {string} folder
 * @param {string} file - `NAME.mts`
 * @param {string[]} [options] further ones of the compiler
 * @returns {Promise<string>} `NAME.mjs`
 */
export async function compiled(folder, file, options = []) {
  await promisify(execFile)(process.execPath, [compiler, ...STRICT, ...options, file], {
    cwd: folder,
  }).catch(({ stdout }) => assert.fail(stdout))
  return file.replace(/\.mts$/, '.mjs')
}
