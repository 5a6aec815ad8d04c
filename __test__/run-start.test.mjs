import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { run, spawn } from '../index.js'
import { noShell, sh } from './support/commands.mjs'
import { assertNothingLeft, noProcessList } from './support/processes.mjs'

const mayEnterAll = noShell || (process.getuid?.() === 0 && 'root may enter every folder')

/** @type {string} */
let folder
before(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'procward-')))
  await mkdir(join(folder, 'tools'))
  await mkdir(join(folder, 'tools/folder'))
  for (const [name, text, mode] of [
    ['tool', '#!/bin/sh\necho the tool: $0 $1\n', 0o755],
    ['data', '#!/bin/sh\necho never\n', 0o644],
    ['garbage', '\0\x01\x02', 0o755],
    ['bare', 'echo "bare: $0 $1"\n', 0o755],
    ['empty', '', 0o755],
    ['interpreted', '#!/nowhere/interpreter\n', 0o755],
  ]) {
    await writeFile(join(folder, 'tools', name), text)
    await chmod(join(folder, 'tools', name), mode)
  }
})
after(() => rm(folder, { recursive: true }))
afterEach(assertNothingLeft)

test('a working directory that may not be entered', { skip: mayEnterAll }, async () => {
  const closed = join(folder, 'closed')
  await mkdir(closed, { mode: 0o600 })
  for (const command of ['true', './relative'])
    for (const cwd of [closed, join(closed, 'below')])
      await assert.rejects(run(command, [], { cwd }), ({ code, message, cause }) => {
        assert.match(
          message,
          /no permission to run the program, or to enter the working directory$/,
        )
        return code === 'ERR_SPAWN' && cause.code === 'EACCES'
      })
})

describe('a command that cannot be started', { skip: noShell }, () => {
  /** @type {[string, string, string[], object, string][]} */
  const table = [
    ['a missing command', 'procward-no-such-command', [], {}, 'ENOENT'],
    ['a missing path', '/nowhere/command', [], {}, 'ENOENT'],
    ['a missing relative path', './nowhere/command', [], {}, 'ENOENT'],
    ['a missing working directory', 'true', [], { cwd: '/nowhere' }, 'ENOENT'],
    ['a file as the working directory', 'true', [], { cwd: '/etc/passwd' }, 'ENOTDIR'],
    ['a working directory below a file', 'true', [], { cwd: '/etc/passwd/x' }, 'ENOTDIR'],
    ['a path too long', 'true', [], { cwd: `/${'a'.repeat(5000)}` }, 'ENAMETOOLONG'],
    ['a name too long', 'true', [], { cwd: `/${'a'.repeat(300)}` }, 'ENAMETOOLONG'],
    ['an empty working directory', 'true', [], { cwd: '' }, 'ENOENT'],
    ['a name that no folder of PATH has', 'true', [], { env: { PATH: '/nowhere' } }, 'ENOENT'],
    ['a name, and no PATH', 'procward-no-such-command', [], { env: { PATH: undefined } }, 'ENOENT'],
    ['a file that is not executable', 'FOLDER/tools/data', [], {}, 'EACCES'],
    ['a folder', 'FOLDER/tools', [], {}, 'EACCES'],
    ['a name on PATH that may not be run', 'data', [], { env: { PATH: 'FOLDER/tools' } }, 'EACCES'],
    ['a folder on PATH', 'folder', [], { env: { PATH: '/nowhere:FOLDER/tools' } }, 'EACCES'],
    ['the root', '/', [], {}, 'EACCES'],
    ['a name with a slash at its end', 'sh/', [], {}, 'ENOENT'],
    ['a name that is too long', 'a'.repeat(256), [], {}, 'ENAMETOOLONG'],
    ['a path that is too long', `/${'a'.repeat(5000)}`, [], {}, 'ENAMETOOLONG'],
    ['a script whose interpreter is missing', 'FOLDER/tools/interpreted', [], {}, 'ENOENT'],
    ['a path through a file', 'FOLDER/tools/tool/x', [], {}, 'ENOTDIR'],
    ['an argument longer than the system takes', 'true', ['x'.repeat(200_000)], {}, 'E2BIG'],
    [
      'more arguments than the system takes',
      'true',
      Array(100).fill('x'.repeat(100_000)),
      {},
      'E2BIG',
    ],
  ]
  for (const [what, name, args, given, errno] of table)
    test(what, async () => {
      const command = name.replace('FOLDER', folder)
      const PATH = given.env?.PATH?.replace('FOLDER', folder)
      const options = PATH === undefined ? given : { ...given, env: { PATH } }
      const isStartError = (error) => {
        assert.ok(error instanceof Error && error.cause instanceof Error)
        assert.equal(error.code, 'ERR_SPAWN')
        assert.match(error.message, new RegExp(`^Cannot start ${command} \\(${errno}\\)`))
        const { code, errno: number, syscall, path } = error.cause
        assert.deepEqual(
          { code, syscall, path },
          { code: errno, syscall: `spawn ${command}`, path: command },
        )
        return Number.isInteger(number) && number < 0
      }
      await assert.rejects(run(command, args, options), isStartError)
      await assert.rejects(
        run(command, args, { ...options, input: 'x', reject: false, timeout: 60_000 }),
        isStartError,
      )
      const started = spawn(command, args, options)
      started.on('spawn', (pid) => assert.fail(`spawn event with pid ${pid}`))
      await assert.rejects(started.exited, isStartError)
      assert.equal(started.pid, null)
      await started.kill()
    })
})

describe('the search for a command', { skip: noShell }, () => {
  const of = async (...given) => (await run(...given)).stdout.trimEnd()

  test('by its name on the PATH of its own environment', async () => {
    const env = { PATH: `/nowhere:${folder}/tools:${process.env.PATH}` }
    assert.equal(await of('tool', ['x'], { env }), `the tool: ${folder}/tools/tool x`)
    await assert.rejects(run('tool'), { code: 'ERR_SPAWN' })
  })

  test('folders and files that are not executable are skipped', async () => {
    const other = join(folder, 'other')
    await mkdir(other)
    for (const name of ['data', 'folder'])
      await writeFile(join(other, name), '#!/bin/sh\necho found\n', { mode: 0o755 })
    const env = { PATH: `${folder}/tools:${other}:/bin` }
    assert.equal(await of('data', [], { env }), 'found')
    assert.equal(await of('folder', [], { env }), 'found')
  })

  test('without a PATH, in the folders of the system', async () => {
    assert.match(await of('uname', [], { env: { PATH: undefined } }), /./)
  })

  test('a relative path starts at the working directory', async () => {
    assert.equal(await of('./tool', ['x'], { cwd: join(folder, 'tools') }), 'the tool: ./tool x')
    assert.equal(await of('tools/tool', ['x'], { cwd: folder }), 'the tool: tools/tool x')
  })

  test('the command gets the given name as argv[0]', async () => {
    assert.equal(
      await of('sh', ['-c', 'tr "\\0" " " < /proc/$$/cmdline'], {}),
      'sh -c tr "\\0" " " < /proc/$$/cmdline',
    )
  })
})

describe('a script without #!', { skip: noShell }, () => {
  const tools = () => join(folder, 'tools')

  test('runs through the shell of the system, as Node.js does it', async () => {
    for (const [command, options] of [
      [join(tools(), 'bare'), {}],
      ['./bare', { cwd: tools() }],
      ['bare', { env: { ...process.env, PATH: `${tools()}:${process.env.PATH}` } }],
    ]) {
      const expected = spawnSync(command, ['an arg'], { ...options, encoding: 'utf8' }).stdout
      assert.match(expected, /^bare: .*bare an arg\n$/)
      assert.equal((await run(command, ['an arg'], options)).stdout, expected)
      const child = spawn(command, ['an arg'], options)
      assert.deepEqual(await once(child, 'line'), [expected.trimEnd()])
      await child.exited
    }
  })

  test('an empty file succeeds, and a file that is no script fails in the shell', async () => {
    assert.deepEqual((await run(join(tools(), 'empty'))).exitCode, 0)
    await assert.rejects(run(join(tools(), 'garbage')), ({ code, exitCode }) => {
      assert.equal(code, 'ERR_EXIT')
      assert.equal(exitCode, spawnSync(join(tools(), 'garbage')).status)
      return true
    })
  })
})

describe('a child gets', { skip: noShell }, () => {
  test("the given working directory, or else the server's present one", async () => {
    assert.equal((await run('pwd', [], { cwd: folder })).stdout, `${folder}\n`)
    assert.equal((await run('pwd')).stdout, `${process.cwd()}\n`)
    const here = process.cwd()
    process.chdir(folder)
    try {
      assert.equal((await run('pwd')).stdout, `${folder}\n`)
    } finally {
      process.chdir(here)
    }
  })

  test('a working directory that was removed', async () => {
    const here = process.cwd()
    const removed = await mkdtemp(join(tmpdir(), 'procward-removed-'))
    process.chdir(removed)
    await rm(removed, { recursive: true })
    try {
      assert.equal((await run('echo', ['fine'])).stdout, 'fine\n')
    } finally {
      process.chdir(here)
    }
  })

  test('a process group of its own', async () => {
    const { pid, stdout } = await run('ps', ['-o', 'pgid=', '-p', `${process.pid}`])
    assert.notEqual(Number(stdout), pid)
    const own = await run(...sh('exec ps -o pgid= -p $$'))
    assert.equal(Number(own.stdout), own.pid)
  })

  test('three descriptors, and none of the server or of other children', async () => {
    const list = sh('ls /dev/fd/')
    const alone = (await run(...list)).stdout
    const together = await Promise.all(Array.from({ length: 30 }, () => run(...list)))
    for (const { stdout } of together) assert.equal(stdout, alone)
  })

  test('default signals: SIGPIPE kills a writer without a reader, and no signal is blocked', async () => {
    const { stdout, stderr } = await run(...sh('yes | head -n 1'))
    assert.deepEqual([stdout, stderr], ['y\n', ''])
    if (noProcessList) return
    const blocked = await run('grep', ['SigBlk', '/proc/self/status'])
    assert.match(blocked.stdout, /^SigBlk:\t0+\n$/)
  })

  test('no ignored signal, although the server ignores some', { skip: noProcessList }, async () => {
    const ignored = async () => {
      const { stdout } = await run('grep', ['SigIgn', '/proc/self/status'])
      // The C library has two signals of its own above these.
      return BigInt(`0x${stdout.split('\t')[1].trim()}`) & 0x7fffffffn
    }
    const own = await readFile('/proc/self/status', 'utf8')
    assert.match(own, /^SigIgn:\t0*1000$|^SigIgn:\t0*1001000$/m, 'Node.js ignores SIGPIPE')
    assert.equal(await ignored(), 0n)
    process.on('SIGUSR2', () => {})
    try {
      assert.equal(await ignored(), 0n)
    } finally {
      process.removeAllListeners('SIGUSR2')
    }
  })

  test('SIGXFSZ, which ends a writer above its limit', async () => {
    const limited = run(
      ...sh('ulimit -f 1; exec head -c 1000000 /dev/zero > "$1"', join(folder, 'big')),
    )
    await assert.rejects(limited, { code: 'ERR_EXIT', signal: 'SIGXFSZ' })
  })
})
