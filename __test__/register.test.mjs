// `--require procward/register`: the children of all code are guarded, by whatever library.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { procward } from './support/cli.mjs'
import { freezerFor } from './support/freezer.mjs'
import { isAlive, kill, noProcessList, nothingLeft, parentOf } from './support/processes.mjs'
import { until } from './support/until.mjs'

const skip = process.platform === 'linux' ? noProcessList : 'children are guarded on Linux'
const root = fileURLToPath(new URL('..', import.meta.url))
const registerFile = join(root, 'lib', 'register.js')
/** @type {string} */
let folder

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'procward register-'))
})
after(() => rmSync(folder, { recursive: true }))
afterEach(nothingLeft)

const REQUIRE = ['--require', registerFile]
const COUNTS = `const childCounts = () =>
  require(${JSON.stringify(root)}).getMetrics().childProcesses;`

/**
 * Writes a program and starts it.
 * @param {string} name
 * @param {string} text
 * @param {{ args?: string[], env?: Record<string, string> }} [options]
 */
function started(name, text, { args = REQUIRE, env = {} } = {}) {
  const file = join(folder, name)
  writeFileSync(file, text)
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...own } = process.env
  return spawn(process.execPath, [...args, file], {
    env: { ...own, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
}

/** Returns the output of a program. @param {Parameters<typeof started>} given */
async function outputOf(...given) {
  const child = started(...given)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  assert.deepEqual(await once(child, 'close'), [0, null], output)
  return output.trim()
}

const CJS = `${COUNTS}
  require('child_process').exec('echo fine', (_, text) =>
    console.log(text.trim(), childCounts().guarded))`
const ESM = `import { createRequire } from 'node:module'
  import { exec } from 'node:child_process'
  const require = createRequire(import.meta.url)
  ${COUNTS}
  exec('echo fine', (_, text) => console.log(text.trim(), childCounts().guarded))`

describe('a registered program', { skip }, () => {
  /** @type {[string, string, string, { args?: string[], env?: Record<string, string> }][]} */
  const WAYS = [
    ['--require, CommonJS', 'required.cjs', CJS, {}],
    ['--require, an ES module', 'required.mjs', ESM, {}],
    ['--import, CommonJS', 'imported.cjs', CJS, { args: ['--import', registerFile] }],
    ['--import, an ES module', 'imported.mjs', ESM, { args: ['--import', registerFile] }],
    [
      'NODE_OPTIONS, an ES module',
      'options.mjs',
      ESM,
      { args: [], env: { NODE_OPTIONS: `--require "${registerFile}"` } },
    ],
  ]
  for (const [name, file, text, options] of WAYS)
    test(name, async () => assert.equal(await outputOf(file, text, options), 'fine 1'))

  test('by its name, once, with the own entry point too', async () => {
    const text = `${COUNTS}
      require(${JSON.stringify(registerFile)})
      const { spawn } = require(${JSON.stringify(join(root, 'lib', 'child_process.js'))})
      spawn('true').on('close', () => console.log(childCounts().guarded))`
    assert.equal(await outputOf('twice.cjs', text), '1')
  })

  test('children are listed with the calling package', async () => {
    for (const [name, code] of Object.entries({
      'cross-spawn': `module.exports = (...args) => require('child_process').spawn(...args)`,
      '@scope/starts': `const spawn = require('cross-spawn')
        module.exports = () => spawn('sleep', ['100'])`,
      web: `module.exports = (handler) => handler()`,
    })) {
      mkdirSync(join(folder, 'node_modules', name), { recursive: true })
      writeFileSync(join(folder, 'node_modules', name, 'index.js'), code)
    }
    const text = `
      const children = [
        require('@scope/starts')(),
        require('cross-spawn')('sleep', ['100']),
        require('web')(() => require('child_process').spawn('sleep', ['100'])),
      ]
      const active = require(${JSON.stringify(root)}).getActiveProcesses()
      console.log(JSON.stringify(active.map(({ server }) => server)))
      for (const child of children) child.kill()`
    assert.deepEqual(JSON.parse(await outputOf('packages.cjs', text)), [
      '@scope/starts',
      'cross-spawn',
      null,
    ])
  })

  test('lives as long as a child that starts while a test fakes the time', async () => {
    const text = `require('node:test').mock.timers.enable()
      const child = require('child_process').spawn('sleep', ['0.5'], { stdio: 'ignore' })
      child.on('exit', (...status) => console.log(status.join(' ')))`
    assert.equal(await outputOf('faked.cjs', text, { args: ['--no-warnings', ...REQUIRE] }), '0')
  })

  test('the stack of later errors stays as it was', async () => {
    const text = `const { stackTraceLimit } = Error
      require('child_process').spawn('true')
      console.log(Error.stackTraceLimit === stackTraceLimit, typeof new Error().stack)
      Object.freeze(Error)
      require('child_process').execFile('echo', ['frozen'], (_, out) => console.log(out.trim()))`
    assert.equal(await outputOf('frozen.cjs', text), 'true string\nfrozen')
  })

  test('a nested program does nothing by itself, a detached one does', async () => {
    const nested = join(folder, 'nested.cjs')
    writeFileSync(nested, CJS)
    const text = `const { spawn } = require('child_process')
      const run = (options) => new Promise((resolve) =>
        spawn(process.execPath, [${JSON.stringify(nested)}], { stdio: 'inherit', ...options })
          .on('close', resolve))
      run({}).then(() => run({ detached: true }))`
    const env = { NODE_OPTIONS: `--require "${registerFile}"` }
    assert.equal(await outputOf('nesting.cjs', text, { args: [], env }), 'fine 0\nfine 1')
  })

  test('cluster workers serve', async () => {
    const text = `const cluster = require('cluster'), http = require('http')
      if (cluster.isPrimary) {
        ${COUNTS}
        const workers = [cluster.fork(), cluster.fork()]
        cluster.on('listening', (worker, { port }) => {
          if (--waiting > 0) return
          http.get({ port, host: '127.0.0.1', agent: false }, (response) => {
            response.on('data', (data) => console.log(String(data), childCounts().guarded))
            response.on('end', () => cluster.disconnect())
          })
        })
        let waiting = workers.length
      } else http.createServer((_, response) => response.end('served')).listen(0, '127.0.0.1')`
    assert.equal(await outputOf('cluster.cjs', text), 'served 2')
  })

  test('a worker thread is registered too', async () => {
    const text = `const { Worker, isMainThread } = require('worker_threads')
      if (isMainThread) new Worker(__filename)
      else { ${CJS} }`
    assert.equal(await outputOf('thread.cjs', text), 'fine 1')
  })

  test('so is a worker whose code is a text, by --require', async () => {
    const text = `const { Worker } = require('worker_threads')
      new Worker(${JSON.stringify(CJS)}, { eval: true })`
    assert.equal(await outputOf('evaluated.cjs', text), 'fine 1')
  })

  test('a failure of the addon falls through, and is published', async () => {
    const text = `require('diagnostics_channel').subscribe('procward:unguarded',
        ({ reason }) => console.log(reason))
      require('child_process').exec('echo fine', (_, text) => console.log(text.trim()))`
    const env = { NAPI_RS_NATIVE_LIBRARY_PATH: '/procward-none.node' }
    assert.equal(await outputOf('fallen.cjs', text, { env }), 'addon\nfine')
  })

  test('loads no more than two files before the first child', async () => {
    const text = `const loaded = Object.keys(require.cache)
      console.log(loaded.filter((file) => file !== __filename).length,
        process.moduleLoadList.includes('NativeModule child_process'))`
    assert.equal(await outputOf('idle.cjs', text), '2 false')
  })
})

describe('the SIGKILL of a registered server', { skip }, () => {
  /**
   * Starts a server that prints pids, and kills it. Resolves with the pids.
   * @param {string} name
   * @param {string} text
   * @param {number} count - the number of pids to wait for
   * @param {Parameters<typeof started>[2]} [options]
   */
  async function killed(name, text, count, options) {
    const server = started(name, `${text}\nsetInterval(() => {}, 1000)`, options)
    /** @type {number[]} */
    const pids = []
    for await (const line of createInterface({ input: server.stdout })) {
      pids.push(...line.trim().split(/\s+/).map(Number))
      if (pids.length === count) break
    }
    const exited = once(server, 'exit')
    assert.equal(pids.length, count)
    assert.ok(pids.every(isAlive))
    kill(Number(server.pid))
    await exited
    return pids
  }

  const dead = (/** @type {number[]} */ pids) => until(() => !pids.some(isAlive))

  test('kills the children of all functions', async () => {
    const text = `const { spawn, exec, execFile, fork } = require('child_process')
      if (process.argv[2] === 'child') return void setInterval(() => {}, 1000)
      const children = [spawn('sleep', ['100']), exec('sleep 100; true'),
        execFile('sleep', ['100']), fork(__filename, ['child'])]
      console.log(children.map(({ pid }) => pid).join(' '))`
    await dead(await killed('functions.cjs', text, 4))
  })

  test('kills a shell pipeline in the background', async () => {
    const text = `const { exec } = require('child_process')
      const child = exec('sleep 100 | (trap "" TERM HUP; sleep 100; sleep 100) & echo $!')
      child.stdout.on('data', (data) => console.log(child.pid, String(data).trim()))
      setTimeout(() => {}, 1000)`
    // The shell itself may have exited already.
    const server = started('pipeline.cjs', `${text}\nsetInterval(() => {}, 1000)`)
    const [line] = await once(createInterface({ input: server.stdout }), 'line')
    const background = Number(line.split(' ')[1])
    assert.ok(isAlive(background))
    const exited = once(server, 'exit')
    kill(Number(server.pid))
    await exited
    await dead([background])
  })

  test('kills grandchildren in a session of their own', async () => {
    const text = `const child = require('child_process').spawn('sh',
        ['-c', 'setsid sh -c "echo \\\\$\\\\$; exec env -i sleep 100" & wait'])
      child.stdout.on('data', (data) => console.log(child.pid, String(data).trim()))`
    await dead(await killed('session.cjs', text, 2))
  })

  test('kills a detached child, unless unref() was called', async () => {
    const text = `const { spawn } = require('child_process')
      const options = { detached: true, stdio: 'ignore' }
      const [held, free] = [0, 1].map(() => spawn('sleep', ['100'], options))
      free.unref()
      console.log(held.pid, free.pid)`
    const [held, free] = await killed('detached.cjs', text, 2)
    await dead([held])
    assert.ok(isAlive(free))
    kill(free)
    await dead([free])
  })

  test('spares a child that the server let go of just before', async (t) => {
    const freezer = freezerFor(t)
    if (freezer === undefined) return
    const text = `const child = require('child_process').spawn('sleep', ['100'],
        { detached: true, stdio: 'ignore' })
      console.log(child.pid)
      process.stdin.once('data', () => {
        child.unref()
        process.kill(process.pid, 'SIGKILL')
      })`
    const server = started('released.cjs', text)
    const [line] = await once(createInterface({ input: server.stdout }), 'line')
    const child = Number(line)
    const warden = Number(parentOf(child))
    // So the warden sees the order and the death of the server at once.
    await freezer.freeze(warden)
    server.stdin.write('die')
    await once(server, 'exit')
    freezer.thaw()
    // The warden would kill the child at once.
    for (let at = 0; at < 20 && isAlive(child); at++) await sleep(20)
    assert.ok(isAlive(child))
    kill(child)
    await dead([child, warden])
  })

  test('kills a detached child with PROCWARD_REGISTER=all', async () => {
    const text = `const child = require('child_process').spawn('sleep', ['100'],
        { detached: true, stdio: 'ignore' })
      child.unref()
      console.log(child.pid)`
    await dead(await killed('all.cjs', text, 1, { env: { PROCWARD_REGISTER: 'all' } }))
  })

  test('spares the children of a server that is not registered', async () => {
    const text = `console.log(require('child_process').spawn('sleep', ['100']).pid)`
    const [pid] = await killed('control.cjs', text, 1, { args: [] })
    assert.ok(isAlive(pid))
    kill(pid)
    await dead([pid])
  })
})

describe('a server without a descriptor left at its first start', { skip }, () => {
  const text = `const { spawn } = require('child_process')
    const fs = require('fs')
    console.log('')
    const held = []
    try {
      for (;;) held.push(fs.openSync('/dev/null'))
    } catch {}
    spawn('true').on('error', ({ code }) => {
      for (const descriptor of held) fs.closeSync(descriptor)
      spawn('true').on('exit', (status) => {
        ${COUNTS}
        console.log(code, status, childCounts().guarded)
      })
    })`

  for (const [name, args, guarded] of /** @type {const} */ ([
    ['with the flag', REQUIRE, 1],
    ['without the flag', [], 0],
  ]))
    test(`${name}, gets the error of Node.js, and starts a later child`, () => {
      const file = join(folder, 'crowded.cjs')
      writeFileSync(file, text)
      const limited = ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, ...args, file]
      const output = execFileSync('sh', limited, { encoding: 'utf8' })
      assert.equal(output.trim(), `EMFILE 0 ${guarded}`)
    })
})

describe('procward register', () => {
  test('prints the option for NODE_OPTIONS', async () => {
    const { code, stdout, stderr } = await procward(['register'])
    assert.deepEqual([code, stderr], [0, ''])
    const NODE_OPTIONS = stdout.trim()
    const loaded = execFileSync(
      process.execPath,
      ['--print', `Object.keys(require.cache).some((file) => file.endsWith('register.js'))`],
      { env: { ...process.env, NODE_OPTIONS }, cwd: tmpdir(), encoding: 'utf8' },
    )
    assert.equal(loaded.trim(), 'true')
  })

  test('prints a document with --json', async () => {
    const { stdout } = await procward(['register', '--json'])
    const { command, path, nodeOptions } = JSON.parse(stdout)
    assert.deepEqual([command, path], ['register', registerFile])
    assert.ok(nodeOptions.startsWith('--require '))
  })
})
