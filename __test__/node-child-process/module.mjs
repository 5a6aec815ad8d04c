// The module under test: procward/child_process, or Node.js's own as the control.
import nodeModule from 'node:child_process'
import { createRequire } from 'node:module'

/** Whether the tests run with Node.js's own module: all of them must pass then. */
export const isControl = process.env.PROCWARD_TEST_CHILD_PROCESS === 'node'

/** @type {typeof nodeModule} */
const cp = isControl ? nodeModule : createRequire(import.meta.url)('../../lib/child_process.js')

export default cp
export const { spawn, exec, execFile, fork, spawnSync, execSync, execFileSync, ChildProcess } = cp
