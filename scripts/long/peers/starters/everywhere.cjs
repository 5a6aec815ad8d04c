'use strict'

// Guards the children of every process of a test suite. Below a guarded child `register` does
// nothing, and test runners run each file in a child.

const { appendFileSync } = require('node:fs')
const { join } = require('node:path')

delete process.env.PROCWARD_REGISTERED
const library = join(__dirname, '../../../../lib')
require(join(library, 'register.js'))

const file = process.env.PROCWARD_PEERS_COUNTS
const counts = join(library, 'child-process/counts.js')
process.on('exit', () => {
  // Loading it in a process that started no child would be a difference.
  if (file === undefined || !(counts in require.cache)) return
  try {
    appendFileSync(file, `${JSON.stringify(require(counts).childCounts())}\n`)
  } catch {
    // The process may have no descriptor left.
  }
})
