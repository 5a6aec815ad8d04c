// Uses of `child_process` whose outcome must be the same with Node.js's own functions and with
// procward's. Each scenario gets the functions and returns plain values to compare.

import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** @typedef {typeof import('node:child_process')} Api */

const node = process.execPath
const program = (/** @type {string} */ text) => ['--eval', text]

/**
 * Returns the events of a child in their order, and what its streams gave.
 * @param {import('node:child_process').ChildProcess} child
 */
export async function storyOf(child) {
  /** @type {unknown[]} */
  const events = []
  const outputs = child.stdio.map(() => '')
  for (const name of ['spawn', 'exit', 'close', 'disconnect'])
    child.on(name, (...values) => events.push([name, ...values]))
  child.on('error', (error) => events.push(['error', ...detailsOf(error)]))
  for (const [at, stream] of child.stdio.entries())
    if (at > 0)
      stream?.on('data', (data) => {
        outputs[at] += data
      })
  await new Promise((resolve) => child.on('close', resolve))
  const { exitCode, signalCode, killed, spawnfile, spawnargs, connected } = child
  const state = { exitCode, signalCode, killed, spawnfile, spawnargs, connected }
  return { events, outputs, ...state, hadPid: child.pid !== undefined }
}

/** @param {any} error */
function detailsOf({ name, code, errno, syscall, path, spawnargs, message }) {
  return [name, code, errno, syscall, path, spawnargs, message]
}

/** Returns the details of the error that a call throws. @param {() => unknown} call */
function thrownBy(call) {
  try {
    return call()
  } catch (error) {
    return detailsOf(error)
  }
}

/** @param {(folder: string) => unknown} use */
async function inFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), 'procward-children-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** @type {Record<string, (api: Api) => unknown>} */
export const SCENARIOS = {
  'spawn gives output and exit code': ({ spawn }) =>
    storyOf(spawn('sh', ['-c', 'echo out; echo err >&2; exit 3'])),
  'a signal ends the child': ({ spawn }) => storyOf(spawn('sh', ['-c', 'kill -USR1 $$'])),
  'a signal without a name ends the child': async ({ spawn }) => {
    const stories = []
    // Those of the C library, and of real time.
    for (const signal of [32, 33, 34, 35, 64])
      stories.push(await storyOf(spawn('sh', ['-c', `kill -${signal} $$; sleep 1; exit 7`])))
    return stories
  },
  'kill() of options is refused': async ({ spawn }) => {
    const child = spawn('cat')
    const thrown = thrownBy(() => child.kill(/** @type {any} */ ({ killGrace: 1 })))
    child.stdin.end()
    return [thrown, await storyOf(child)]
  },
  'no signal is ignored or blocked': ({ spawn }) =>
    storyOf(spawn('grep', ['-E', '^Sig(Ign|Blk)', '/proc/self/status'])),
  'stdin reaches the child': ({ spawn }) => {
    const child = spawn('cat')
    child.stdin.end('x'.repeat(300_000))
    return storyOf(child)
  },
  'a child without output closes': ({ spawn }) => storyOf(spawn('true', { stdio: 'ignore' })),
  'unread output does not hold back the close': async ({ spawn }) => {
    const child = spawn('sh', ['-c', 'echo a; echo b >&2'])
    return [await once(child, 'close'), child.stdout.destroyed]
  },
  'extra descriptors': async ({ spawn }) => {
    const child = spawn('sh', ['-c', 'echo three >&3; cat <&4 >&3; echo five >&5'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'overlapped', 'pipe'],
    })
    const four = /** @type {import('node:net').Socket} */ (child.stdio[4])
    four.end('from four')
    return [await storyOf(child), child.stdin, child.stdio.map(Boolean)]
  },
  'a descriptor between ignored ones': ({ spawn }) =>
    storyOf(
      spawn('sh', ['-c', 'echo six >&6; ls /proc/self/fd | wc -l'], {
        stdio: ['ignore', 'pipe', 'ignore', 'ignore', 'ignore', 'ignore', 'pipe'],
      }),
    ),
  'an array with holes, which leaves out standard streams': ({ spawn }) => {
    /** @type {import('node:child_process').StdioOptions} */
    const stdio = []
    stdio[4] = 'pipe'
    const child = spawn('sh', ['-c', 'read -r text; echo out; echo err >&2; exit $text'], { stdio })
    child.stdin?.end('3\n')
    return storyOf(child)
  },
  'a file, and the same one twice': ({ spawn }) =>
    inFolder(async (folder) => {
      const file = join(folder, 'output')
      const descriptor = openSync(file, 'a')
      const child = spawn('sh', ['-c', 'echo out; echo err >&2'], {
        stdio: ['ignore', descriptor, descriptor],
      })
      const { events } = await storyOf(child)
      closeSync(descriptor)
      return [events, readFileSync(file, 'utf8')]
    }),
  'the output of another child': async ({ spawn }) => {
    const first = spawn('echo', ['through'])
    const second = spawn('cat', { stdio: [first.stdout, 'pipe', 'inherit'] })
    return storyOf(second)
  },
  'a socket': async ({ spawn }) => {
    /** @type {Promise<unknown> | undefined} */
    let closed
    const server = net.createServer((socket) => {
      const child = spawn('echo', ['to the socket'], { stdio: ['ignore', socket, 'ignore'] })
      closed = once(child, 'close')
      socket.destroy()
    })
    await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
    const { port } = /** @type {net.AddressInfo} */ (server.address())
    let text = ''
    for await (const chunk of net.connect(port, '127.0.0.1')) text += chunk
    server.close()
    return [text, await closed]
  },
  'arguments of several kinds': ({ spawn }) =>
    storyOf(
      spawn('printf', ['%s|', 'a b', '', '"', 'ü', /** @type {any} */ (7), '\ud800'], {
        argv0: 'other',
      }),
    ),
  'a shell, its environment and its folder': ({ spawn }) =>
    storyOf(
      spawn('echo $A-$B-$C; pwd', {
        shell: true,
        cwd: '/',
        env: { PATH: process.env.PATH, A: '1', B: 'ü=\n', C: undefined },
      }),
    ),
  "the child's own PATH finds the command": ({ spawn }) =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'own-command'), '#!/bin/sh\necho found\n', { mode: 0o755 })
      return [
        await storyOf(spawn('own-command', { env: { PATH: folder } })),
        await storyOf(spawn('own-command')),
      ]
    }),
  'a variable without a name': ({ spawn }) =>
    storyOf(
      spawn('grep', ['-z', '^=', '/proc/self/environ'], { env: { ...process.env, '': 'a' } }),
    ),
  'a script without #!': ({ spawn }) =>
    inFolder(async (folder) => {
      const file = join(folder, 'script')
      writeFileSync(file, 'echo plain', { mode: 0o755 })
      const { events } = await storyOf(spawn(file))
      return events.map((event) => /** @type {any} */ (event).slice(0, 3))
    }),
  'a command that does not exist': async ({ spawn }) => {
    const child = spawn('procward-no-such-command', ['a'])
    return [child.pid, child.stdio.map(Boolean), await storyOf(child)]
  },
  'a file that may not run': ({ spawn }) => storyOf(spawn('/etc/passwd', ['a'])),
  'a folder that does not exist': ({ spawn }) => storyOf(spawn('true', { cwd: '/procward-none' })),
  'a file in place of a folder': ({ spawn }) =>
    thrownBy(() => spawn('true', { cwd: '/etc/passwd' })) ?? 'none',
  'a descriptor that is not open': ({ spawn }) =>
    thrownBy(() => spawn('true', { stdio: ['ignore', 9999, 'ignore'] })),
  'wrong arguments': ({ spawn, exec, execFile, fork }) =>
    [
      () => spawn(''),
      () => spawn('a\0b'),
      () => spawn('true', ['a\0b']),
      () => spawn('true', { env: { A: 'a\0b' } }),
      () => spawn('true', { stdio: /** @type {any} */ ('none') }),
      () => spawn('true', { stdio: ['ipc', 'ipc'] }),
      () => spawn('true', { timeout: -1 }),
      () => spawn('true', { uid: /** @type {any} */ ('root') }),
      () => spawn('true', { signal: /** @type {any} */ ({}) }),
      () => exec(/** @type {any} */ (7)),
      () => execFile('true', /** @type {any} */ ('x')),
      () => execFile('true', { maxBuffer: -1 }),
      () => fork('x.js', { stdio: ['pipe', 'pipe', 'pipe'] }),
    ].map(thrownBy),
  'kill and its results': async ({ spawn }) => {
    const child = spawn('sleep', ['100'])
    const before = [
      child.kill(0),
      child.kill('SIGTERM'),
      thrownBy(() => child.kill(/** @type {any} */ ('SIGNONE'))),
    ]
    return [before, await storyOf(child), child.kill()]
  },
  timeout: ({ spawn }) => storyOf(spawn('sleep', ['100'], { timeout: 50, killSignal: 'SIGKILL' })),
  'an abort': ({ spawn }) => {
    const controller = new AbortController()
    const child = spawn('sleep', ['100'], { signal: controller.signal })
    child.on('spawn', () => controller.abort(new Error('reason')))
    return storyOf(child)
  },
  'an abort before the start': ({ spawn }) =>
    storyOf(spawn('sleep', ['100'], { signal: AbortSignal.abort() })),
  disposal: ({ spawn }) => {
    const child = spawn('sleep', ['100'])
    const dispose = /** @type {any} */ (child)[/** @type {any} */ (Symbol).dispose]
    dispose?.call(child) ?? child.kill()
    return storyOf(child)
  },
  'exec and its callback': async ({ exec }) => [
    await answerOf((done) => exec('echo out; echo err >&2', done)),
    await answerOf((done) => exec('echo out; exit 4', done)),
    await answerOf((done) => exec('echo $A', { env: { A: 'given' } }, done)),
    await answerOf((done) => exec('sleep 100', { timeout: 50 }, done)),
    await answerOf((done) => exec('yes', { maxBuffer: 100 }, done)),
    await answerOf((done) => exec('echo ff', { encoding: 'hex' }, done)),
    await answerOf((done) => exec('echo b', { encoding: 'buffer' }, done)),
    await answerOf((done) => exec('procward-no-such-command', { shell: '/bin/none' }, done)),
  ],
  'execFile and its callback': async ({ execFile }) => [
    await answerOf((done) => execFile('echo', ['a', 'b'], done)),
    await answerOf((done) => execFile('sh', ['-c', 'exit 5'], done)),
    await answerOf((done) => execFile('procward-no-such-command', done)),
  ],
  'promisified functions': async ({ exec, execFile }) => {
    const running = promisify(exec)('echo out')
    const failing = promisify(execFile)('sh', ['-c', 'echo late; exit 6'])
    const error = await failing.catch((problem) => problem)
    const { code, stdout, killed, cmd } = error
    return [typeof running.child.pid, await running, { code, stdout, killed, cmd }]
  },
  'fork and its messages': ({ fork }) =>
    inFolder(async (folder) => {
      const file = join(folder, 'forked.js')
      writeFileSync(
        file,
        `process.on('message', (message) => {
           process.send({ message, args: process.argv.slice(2) }, () => process.disconnect())
         })`,
      )
      const child = fork(file, ['a'], { serialization: 'advanced' })
      child.send({ map: new Map([[1, 'one']]) })
      const story = storyOf(child)
      const [message] = await once(child, 'message')
      const { spawnargs, events, ...rest } = await story
      return [message, spawnargs.length, events.length, rest]
    }),
  'disconnect() ends the channel': ({ fork }) =>
    inFolder(async (folder) => {
      const file = join(folder, 'forked.js')
      writeFileSync(file, `process.on('message', () => {})`)
      const child = fork(file)
      const events = ['disconnect', 'exit'].map((name) => once(child, name))
      child.disconnect()
      return [child.connected, await Promise.all(events)]
    }),
  'fork with silent output': ({ fork }) =>
    inFolder(async (folder) => {
      const file = join(folder, 'forked.js')
      writeFileSync(file, `console.log('said'); process.disconnect()`)
      const child = fork(file, { silent: true })
      const { outputs, ...rest } = await storyOf(child)
      return [outputs, rest.exitCode]
    }),
  'a server is handed to a forked child': ({ fork }) =>
    inFolder(async (folder) => {
      const file = join(folder, 'forked.js')
      writeFileSync(
        file,
        `process.on('message', (_, server) => server.on('connection', (socket) => {
           socket.end('from the child', () => process.exit())
         }))`,
      )
      const server = net.createServer()
      await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
      const { port } = /** @type {net.AddressInfo} */ (server.address())
      const child = fork(file)
      const closed = once(child, 'close')
      await new Promise((resolve) => child.send({}, server, resolve))
      server.close()
      let text = ''
      for await (const chunk of net.connect(port, '127.0.0.1')) text += chunk
      return [text, await closed]
    }),
  'an ipc channel besides pipes': ({ spawn }) => {
    const child = spawn(node, program(`process.send('hello'); process.disconnect()`), {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'ipc'],
    })
    const got = once(child, 'message')
    return Promise.all([got.then(([message]) => message), storyOf(child)])
  },
  'a detached child has a session of its own': async ({ spawn }) => {
    const child = spawn('sh', ['-c', 'read _ _ _ _ _ sid _ < /proc/self/stat; echo $sid'], {
      detached: true,
    })
    const { outputs } = await storyOf(child)
    return Number(outputs[1]) === child.pid
  },
}

/** @param {(done: (...values: any[]) => void) => unknown} call */
function answerOf(call) {
  return new Promise((resolve) => {
    call((error, ...outputs) => {
      const { cmd, killed, signal } = error ?? {}
      resolve([error && [...detailsOf(error), cmd, killed, signal], ...outputs])
    })
  })
}
