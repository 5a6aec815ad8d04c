import assert from 'node:assert/strict'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { closed, nothingLeft, programs, SUCCESS, statusOf } from './node-child-process/endings.mjs'
import { ChildProcess, execFile, fork, spawn } from './node-child-process/module.mjs'

const isWindows = process.platform === 'win32'
const command = isWindows ? 'rundll32' : 'ls'
const TYPE = { code: 'ERR_INVALID_ARG_TYPE', name: 'TypeError' }
const VALUE = { code: 'ERR_INVALID_ARG_VALUE', name: 'TypeError' }
/** The error of a user or group that is no 32-bit number. Node.js 26 has another one. */
const ID =
  Number.parseInt(process.versions.node, 10) < 26
    ? TYPE
    : { code: 'ERR_OUT_OF_RANGE', name: 'RangeError' }
const callback = () => {}

afterEach(nothingLeft)

/** Makes one child of each list of arguments: all must start and succeed. */
const accept = (start, lists) =>
  test('accepts what may be left out', async () => {
    const endings = lists.map((list) => {
      const child = start(...list)
      assert.ok(child instanceof ChildProcess)
      return closed(child)
    })
    for (const ending of await Promise.all(endings)) {
      assert.deepEqual(statusOf(ending), SUCCESS)
      assert.deepEqual(ending.errors, [])
    }
  })

const refuse = (start, lists, expected = TYPE) =>
  test(`refuses the rest with ${expected.code}`, () => {
    for (const list of lists) assert.throws(() => start(...list), expected)
  })

describe('arguments of spawn', () => {
  const start = (...list) => spawn(command, ...list)
  accept(start, [[], [[]], [{}], [[], {}], [undefined, {}], [null, {}], [[], undefined]])
  refuse(start, [['no array'], [true], [[], null], [[], 1], [[], 'string'], [[], []]])
  refuse(
    start,
    [
      [[], { uid: 2 ** 63 }],
      [[], { gid: 2 ** 63 }],
    ],
    ID,
  )
  refuse(spawn, [[], [{ toString: () => null }], ['missing-command', 'no array']])
  refuse(spawn, [['']], VALUE)

  test('take no arguments as an empty list', async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'procward-')))
    const options = { cwd: folder, shell: isWindows }
    for (const args of [undefined, null, []]) {
      const { stdout } = await closed(spawn(isWindows ? 'cd' : 'pwd', args, options))
      assert.equal(stdout.trim().toLowerCase(), folder.toLowerCase())
    }
    await rm(folder, { recursive: true })
  })
})

describe('arguments of execFile', () => {
  const start = (...list) => execFile(command, ...list)
  const empty = [undefined, null]
  accept(start, [
    [],
    [[]],
    [[], {}],
    [[], {}, callback],
    [[], callback],
    [{}],
    [{}, callback],
    [callback],
    [undefined, {}, callback],
    [[], undefined, callback],
    [[], {}, undefined],
    [null, {}, callback],
    [[], null, callback],
    [[], {}, null],
    ...empty.flatMap((none) => [
      [none, none, none],
      [none, none, callback],
      [none, {}, none],
      [[], none, none],
      [[], none],
      [{}, none],
      [callback, none],
    ]),
    [callback, 'string'],
  ])
  refuse(start, [
    ['string', {}, callback],
    [[], 'string', callback],
    [[], {}, 'string'],
    [[], 'string'],
    [{}, 'string'],
    [[], []],
    ...empty.flatMap((none) => [
      [none, none, 'string'],
      [[], none, 'string'],
      [none, {}, 'string'],
    ]),
  ])
})

describe('arguments of fork', () => {
  const start = (...list) => fork(new URL('node-child-process/empty.cjs', import.meta.url), ...list)
  accept(start, [
    [],
    [[]],
    [[], {}],
    [{}],
    [undefined, undefined],
    [undefined, {}],
    [[], undefined],
    [null, null],
    [null, {}],
    [[], null],
  ])
  refuse(start, [['string'], [[], 'string'], [[], []]])
})

describe('argv0', () => {
  const start = (options) => closed(spawn(process.execPath, [programs, 'sayArgv0'], options))

  test('is the file by default', async () => {
    assert.equal((await start()).stdout, process.execPath)
  })

  test('is what is given', async () => {
    assert.equal((await start({ argv0: 'otherName' })).stdout, 'otherName')
  })

  test('must be a string', () => {
    assert.throws(() => spawn(process.execPath, { argv0: [] }), {
      ...TYPE,
      message: 'The "options.argv0" property must be of type string. Received an instance of Array',
    })
  })
})

describe('uid and gid', () => {
  test('of root are refused to another user', async (t) => {
    if (isWindows) {
      assert.throws(() => spawn('echo', ['hello'], { uid: 0 }), /\bENOTSUP\b/)
      assert.throws(() => spawn('echo', ['hello'], { gid: 0 }), /\bENOTSUP\b/)
      return
    }
    const isRoot = process.getuid() === 0
    if (!isRoot && process.getgroups().includes(0)) return t.skip('a member of the group of root')
    // The user who is nobody, by the number that Linux systems agree on.
    const options = isRoot ? { uid: 65_534, gid: 65_534 } : {}
    const ending = await closed(spawn(process.execPath, [programs, 'takeRoot'], options))
    const { stdout, stderr, ...rest } = ending
    assert.deepEqual({ stdout, stderr }, { stdout: 'refused', stderr: '' })
    assert.deepEqual(statusOf(rest), SUCCESS)
  })
})
