// Streams lines of a process that answers what is written to its input.
import assert from 'node:assert/strict'
import { getActiveProcesses, spawn } from 'procward'

const LINES = 20_000

const count = spawn('sh', ['-c', `i=0; while [ $i -lt ${LINES} ]; do i=$((i+1)); echo $i; done`])
let lines = 0
count.on('line', (line) => assert.equal(line, String(++lines)))
const { exitCode } = await count.exited
assert.deepEqual([lines, exitCode], [LINES, 0])

const echo = spawn('cat')
const answered = new Promise((resolve) => echo.once('line', resolve))
await echo.write('ä\u2028\n')
assert.equal(await answered, 'ä\u2028')
assert.equal(getActiveProcesses()[0].pid, echo.pid)
await echo.end()
await echo.exited

const bytes = 5_000_000
const streamed = spawn('head', ['-c', `${bytes}`, '/dev/zero'])
let read = 0
for await (const chunk of streamed.stdout) read += chunk.length
assert.deepEqual([read, (await streamed.exited).exitCode], [bytes, 0])

const stubborn = spawn('sh', ['-c', 'trap "" TERM; echo up; while :; do sleep 1; done'])
await new Promise((resolve) => stubborn.once('line', resolve))
await stubborn.kill({ killGrace: 10 })
await assert.rejects(stubborn.exited, { code: 'ERR_KILLED' })
assert.deepEqual(getActiveProcesses(), [])
