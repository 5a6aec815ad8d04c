import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { run, spawn } from '../index.js'
import { node, noShell, sh } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'

afterEach(assertNothingLeft)

/** @type {string} */
let folder
before(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'procward ü')))
  for (const [at, word] of [
    ['', 'outer'],
    ['inner', 'inner'],
  ]) {
    const bin = join(folder, at, 'node_modules/.bin')
    await mkdir(bin, { recursive: true })
    for (const name of [`procward-${word}`, 'procward-both']) {
      await writeFile(join(bin, name), `#!/bin/sh\necho ${word}\n`)
      await chmod(join(bin, name), 0o755)
    }
  }
})
after(() => rm(folder, { recursive: true }))

async function linesOf(child) {
  const lines = []
  child.on('line', (line) => lines.push(line))
  await child.exited
  return lines
}

describe('cwd', () => {
  test('may be a URL', async () => {
    const { stdout } = await run(...node('console.log(process.cwd())'), {
      cwd: pathToFileURL(`${folder}/`),
    })
    assert.equal(stdout.trim(), folder)
  })
})

describe('options in place of the arguments', { skip: noShell }, () => {
  test('run() and spawn() take them', async () => {
    assert.equal((await run('pwd', { cwd: folder })).stdout, `${folder}\n`)
    assert.deepEqual(await linesOf(spawn('pwd', { cwd: folder })), [folder])
    assert.equal((await run('pwd', undefined, { cwd: folder })).stdout, `${folder}\n`)
  })
})

describe('encoding', { skip: noShell }, () => {
  const bytes = Buffer.from('ü\n\xff\x00a', 'latin1')
  for (const encoding of [
    'utf8',
    'UTF-8',
    'latin1',
    'ascii',
    'binary',
    'hex',
    'base64',
    'base64url',
    'utf16le',
    'ucs2',
  ])
    test(encoding, async () => {
      const { stdout, stderr } = await run(...sh('tee /dev/stderr'), { input: bytes, encoding })
      assert.equal(stdout, bytes.toString(encoding))
      assert.equal(stderr, bytes.toString(encoding))
    })

  test('lines are decoded one by one, and errors have the decoded tail', async () => {
    const child = spawn(...sh('cat; echo a >&2; exit 1'), { encoding: 'hex' })
    const errorLines = []
    child.on('errorLine', (line) => errorLines.push(line))
    const lines = linesOf(child)
    await child.end(bytes)
    await assert.rejects(lines, { code: 'ERR_EXIT', stderr: '610a' })
    assert.deepEqual(errorLines, ['61'])
  })
})

test('maxBuffer: Infinity keeps more than the default', { skip: noShell }, async () => {
  const size = 11 * 2 ** 20
  const { stdout, truncated } = await run(
    ...sh(`head -c ${size} /dev/zero; head -c 1000 /dev/zero >&2`),
    {
      maxBuffer: Infinity,
      encoding: 'buffer',
    },
  )
  assert.deepEqual([stdout.length, truncated], [size, false])
  const lines = await linesOf(
    spawn(...sh(`head -c ${size} /dev/zero | tr '\\0' x`), { maxBuffer: Infinity }),
  )
  assert.deepEqual(
    lines.map((line) => line.length),
    [size],
  )
})

describe('shell', { skip: noShell }, () => {
  test('true runs the words as one line, as Node.js does', async () => {
    for (const [command, args] of [
      ['echo "$0" $((1 + 2)); echo two | tr t T', []],
      ['echo', ['a  b', '"c  d"', '$HOME', '*']],
      ['exit 3', []],
    ]) {
      const expected = spawnSync(command, args, { shell: true, cwd: folder, encoding: 'utf8' })
      const { stdout, exitCode } = await run(command, args, {
        shell: true,
        cwd: folder,
        reject: false,
      })
      assert.deepEqual([stdout, exitCode], [expected.stdout, expected.status])
    }
  })

  test('a string names the shell', async () => {
    const other = join(folder, 'shell')
    await writeFile(other, '#!/bin/sh\nprintf "<%s>" "$@"\n')
    await chmod(other, 0o755)
    assert.equal((await run('a b', ['c'], { shell: other })).stdout, '<-c><a b c>')
    assert.deepEqual(await linesOf(spawn('echo $0', { shell: 'sh' })), ['sh'])
  })

  test('a shell that does not exist is a start error', async () => {
    await assert.rejects(run('true', { shell: '/nowhere/shell' }), ({ code, cause }) => {
      assert.deepEqual([code, cause.code, cause.path], ['ERR_SPAWN', 'ENOENT', '/nowhere/shell'])
      return true
    })
  })

  test('its whole tree is terminated', async () => {
    await assert.rejects(run('sleep 60 & sleep 60; true', { shell: true, timeout: 100 }), {
      code: 'ERR_CALL_TIMEOUT',
    })
  })
})

describe('preferLocal', { skip: noShell }, () => {
  const inner = () => join(folder, 'inner')
  const found = async (command, options) =>
    (await run(command, { preferLocal: true, cwd: inner(), ...options })).stdout.trim()

  test('the nearest node_modules/.bin comes first, then those above, then PATH', async () => {
    assert.equal(await found('procward-both'), 'inner')
    assert.equal(await found('procward-outer'), 'outer')
    assert.equal(await found('procward-both', { cwd: pathToFileURL(folder) }), 'outer')
    assert.equal(await found('procward-outer', { cwd: join(inner(), 'node_modules') }), 'outer')
    assert.match(await found('uname'), /./)
  })

  test('the child has the folders on its own PATH', async () => {
    const PATH = ['/usr/bin', '/bin'].join(delimiter)
    const path = await found('sh', { shell: 'sh -c', env: { PATH } }).catch(() => undefined)
    assert.equal(path, undefined, 'a shell is a file, not a line')
    const { stdout } = await run(...sh('echo "$PATH"'), {
      preferLocal: true,
      cwd: inner(),
      env: { PATH },
    })
    const folders = stdout.trim().split(delimiter)
    assert.deepEqual(folders.slice(0, 2), [
      join(inner(), 'node_modules/.bin'),
      join(folder, 'node_modules/.bin'),
    ])
    assert.deepEqual(folders.slice(-2), ['/usr/bin', '/bin'])
  })

  test('without a PATH the folders of the system stay', async () => {
    assert.equal(await found('procward-both', { env: { PATH: undefined } }), 'inner')
    assert.match(await found('uname', { env: { PATH: undefined } }), /./)
  })

  test('is off by default', async () => {
    await assert.rejects(run('procward-both', { cwd: inner() }), { code: 'ERR_SPAWN' })
  })
})
