// Finds a forgotten child without terminating the child, then terminates it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { CleanupScanner } from 'procward'

const program = 'console.log("up"); setInterval(() => {}, 1000)'
const child = spawn('node', ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] })
await once(child.stdout, 'data')
const exited = once(child, 'exit')
// Forgotten is what is older than `maxAge`, in whole seconds at the kernel's clock.
const scanner = new CleanupScanner({ scope: 'tree', maxAge: 1 })
let report
do report = await scanner.cleanupAll({ dryRun: true })
while (!report.killed.some(({ pid }) => pid === child.pid))
assert.equal(child.exitCode ?? child.signalCode, null)
assert.equal(scanner.getStats().stats.killed, 0)
await scanner.cleanupAll()
assert.deepEqual(await exited, [null, 'SIGTERM'])
assert.equal(scanner.getStats().stats.killed, 1)
