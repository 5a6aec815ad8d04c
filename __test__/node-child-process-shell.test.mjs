import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { closed, nothingLeft, SUCCESS, statusOf } from './node-child-process/endings.mjs'
import { ChildProcess, exec, execFile, spawn } from './node-child-process/module.mjs'

const isWindows = process.platform === 'win32'
const NOT_FOUND = isWindows ? 1 : 127
const major = Number.parseInt(process.versions.node, 10)

afterEach(nothingLeft)

describe('spawn with a shell', () => {
  const shell = true

  test('lets the shell say that a command is missing', async () => {
    const child = spawn('does-not-exist', { shell })
    assert.notEqual(child.spawnfile, 'does-not-exist')
    const { errors, ...rest } = await closed(child)
    assert.deepEqual(errors, [])
    assert.deepEqual(statusOf(rest), { code: NOT_FOUND, signal: null })
  })

  test('joins the command and its arguments, and warns since Node.js 24', async () => {
    const warned = major >= 24 ? once(process, 'warning') : undefined
    const child = spawn('echo', ['foo'], { encoding: 'utf8', shell })
    assert.equal(child.spawnargs.at(-1).replaceAll('"', ''), 'echo foo')
    assert.equal((await closed(child)).stdout.trim(), 'foo')
    if (!warned) return
    const [{ name, code, message }] = await warned
    assert.deepEqual({ name, code }, { name: 'DeprecationWarning', code: 'DEP0190' })
    assert.match(message, /shell option true can lead to security vulnerabilities/)
  })

  test('takes a pipeline', async () => {
    const child = spawn('echo bar | cat', { encoding: 'utf8', shell })
    assert.equal((await closed(child)).stdout.trim(), 'bar')
  })

  test('takes an environment', async () => {
    const env = { ...process.env, BAZ: 'buzz', NODE: process.execPath }
    const program = isWindows ? process.execPath : '$NODE'
    const child = spawn(`"${program}" -pe process.env.BAZ`, { env, encoding: 'utf8', shell })
    assert.equal((await closed(child)).stdout.trim(), 'buzz')
  })
})

describe('a promise', () => {
  const execPromise = promisify(exec)
  const execFilePromise = promisify(execFile)
  const failing = 'console.log(42);console.error(43);process.exit(1)'
  const starters = {
    exec: (arguments_) =>
      execPromise(`"${process.execPath}" ${arguments_.map((each) => `"${each}"`).join(' ')}`),
    execFile: (arguments_) => execFilePromise(process.execPath, arguments_),
  }
  const missing = {
    exec: () => execPromise('does-not-exist'),
    execFile: () => execFilePromise('does-not-exist', ['-p', '42']),
  }

  for (const [name, start] of Object.entries(starters)) {
    test(`of ${name} has the child and gives both outputs`, async () => {
      const promise = start(['-p', '42'])
      assert.ok(promise.child instanceof ChildProcess)
      assert.deepEqual(await promise, { stdout: '42\n', stderr: '' })
    })

    test(`of ${name} is rejected with both outputs`, async () => {
      const expected = { code: 1, stdout: '42\n', stderr: '43\n' }
      await assert.rejects(start(['-e', failing]), expected)
    })

    test(`of ${name} is rejected for a missing command`, async () => {
      const promise = missing[name]()
      assert.ok(promise.child instanceof ChildProcess)
      await assert.rejects(promise, /does-not-exist/)
    })
  }
})

describe('a missing file', () => {
  // On Windows a batch file needs a shell, however its suffix is spelled.
  const suffixes =
    'BAT|bAT|BaT|baT|BAt|bAt|Bat|bat|CMD|cMD|CmD|cmD|CMd|cMd|Cmd|cmd|cmd |cmd .|cmd ....'
  const files = ['', ...suffixes.split('|').map((suffix) => `.${suffix}`)].map(
    (suffix) => `./missing-folder/missing-file${suffix}`,
  )

  test('is told by the shell of exec', async () => {
    for (const file of files) assert.equal((await closed(exec(file))).code, NOT_FOUND, file)
  })

  test('is told by spawn, or refused as a batch file', async () => {
    for (const file of files) {
      const isBatch = isWindows && file !== files[0]
      if (isBatch) {
        assert.throws(() => spawn(file), { code: 'EINVAL' })
        continue
      }
      const { errors } = await closed(spawn(file))
      assert.deepEqual(
        errors.map(({ code }) => code),
        ['ENOENT'],
        file,
      )
    }
  })

  test('does not keep the next command from its start', async () => {
    await closed(spawn(files[0]))
    assert.deepEqual(statusOf(await closed(spawn(process.execPath, ['--version']))), SUCCESS)
  })
})
