import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { noShell } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { outcomeOf } from './support/program.mjs'

afterEach(assertNothingLeft)

/** @param {string} program @param {string} stdout */
async function assertPrints(program, stdout) {
  const imports = "import { getActiveProcesses, run, spawn } from 'procward'\n"
  assert.deepEqual(await outcomeOf(imports + program), {
    code: 0,
    signal: null,
    stdout,
    stderr: '',
  })
}

describe('the server', { skip: noShell }, () => {
  const keeps = {
    'a run()': `run('sleep', ['0.3']).then(() => console.log('done'))`,
    'a spawn() with an awaited exit': `spawn('sleep', ['0.3']).exited.then(() => console.log('done'))`,
    'a spawn() with a listener': `spawn('sleep', ['0.3']).on('exit', () => console.log('done'))`,
    'a line that comes late': `spawn('sh', ['-c', 'sleep 0.3; echo done']).on('line', console.log)`,
    'the end of a tree that is slow to end': `
      run('sh', ['-c', 'trap "sleep 0.3; exit" TERM; while :; do sleep 0.02; done'], { timeout: 300 }).catch(() => console.log('done'))`,
  }
  for (const [what, program] of Object.entries(keeps))
    test(`is kept alive by ${what}`, () => assertPrints(program, 'done'))

  const lets = {
    'a run() that is over': `await run('true')`,
    'one whose timeout was an hour': `await run('true', [], { timeout: 3_600_000 })`,
    'one with a signal that is never aborted': `await run('true', [], { signal: new AbortController().signal })`,
    'one that failed to start': `await run('procward-no-such-command', [], { input: 'x' }).catch(() => {})`,
    'one with an input that is never read': `await run('true', [], { input: Buffer.alloc(1e6) })`,
    'a spawn() that is over, with listeners': `
      const child = spawn('echo', ['x'])
      child.on('line', () => {}).on('exit', () => {})
      child.write('never read').catch(() => {})
      await child.exited`,
    'a list of what runs': `getActiveProcesses()`,
    'a command that left a process behind': `await run('sh', ['-c', 'sleep 60 >/dev/null 2>&1 </dev/null &'], { killGrace: 50 })`,
  }
  for (const [what, program] of Object.entries(lets))
    test(`can exit by itself after ${what}`, () =>
      assertPrints(`${program}\nconsole.log('over')`, 'over'))

  test('can exit at any moment, with calls in every state', async () => {
    for (const moment of [0, 1, 3, 10, 30, 100])
      await assertPrints(
        `for (let round = 0; round < 5; round++) {
          run('sleep', ['0.05']).catch(() => {})
          run('sleep', ['1'], { timeout: 20 + round, killGrace: 5 }).catch(() => {})
          const child = spawn('seq', ['100000'])
          child.on('line', () => {})
          child.write('x').catch(() => {})
        }
        setTimeout(() => { console.log('bye'); process.exit() }, ${moment})`,
        'bye',
      )
  })
})

describe('a worker thread', { skip: noShell }, () => {
  const WORKER = `
    const { parentPort } = require('node:worker_threads')
    const { run, spawn } = require('procward')
    const child = spawn('sh', ['-c', 'seq 20000; exec sleep 60'])
    child.on('line', () => {})
    child.on('spawn', () => parentPort.postMessage(child.pid))
    child.write('x'.repeat(200_000)).catch(() => {})
    run('sleep', ['60']).catch(() => {})
    run('yes', [], { maxBuffer: 1e6 }).catch(() => {})
    run('procward-no-such-command').catch(() => {})`

  test('that is terminated during its calls takes its own trees with it, and no others', () =>
    assertPrints(
      `import { once } from 'node:events'
       import { Worker } from 'node:worker_threads'
       const mine = spawn('cat', [], { tool: 'mine' })
       for (let round = 0; round < 5; round++) {
         const worker = new Worker(${JSON.stringify(WORKER)}, { eval: true, execArgv: [] })
         await once(worker, 'message')
         await worker.terminate()
       }
       while (getActiveProcesses().length > 1) await new Promise((next) => setTimeout(next, 10))
       console.log(getActiveProcesses()[0].tool)
       await mine.end()
       console.log((await mine.exited).exitCode)`,
      'mine\n0',
    ))

  test('has its own calls and shares the list', () =>
    assertPrints(
      `import { once } from 'node:events'
       import { Worker } from 'node:worker_threads'
       const child = spawn('cat', [], { tool: 'of the main thread' })
       await once(child, 'spawn')
       const worker = new Worker(\`
         const { parentPort } = require('node:worker_threads')
         const { getActiveProcesses, run } = require('procward')
         run('echo', ['worker']).then(({ stdout }) => parentPort.postMessage([stdout, getActiveProcesses()[0].tool]))\`, { eval: true, execArgv: [] })
       console.log(JSON.stringify(await once(worker, 'message')))
       await child.kill()`,
      '[["worker\\n","of the main thread"]]',
    ))
})
