import assert from 'node:assert/strict'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import filesModule from '../lib/mcporter/config/files.js'
import watch from '../lib/mcporter/config/watch.js'
import { temporaryFolder } from './fixtures/mcp-servers.mjs'
import { memoryFiles } from './support/memory-files.mjs'
import { outcomeOf } from './support/program.mjs'

const FILE = '/app/config/mcporter.json'
const CURSOR = '/app/.cursor/mcp.json'
const config = (mcpServers, imports = []) => ({ imports, mcpServers })
const names = (servers) => servers.map(({ name }) => name)

/** A watched configuration with a clock that the test turns. */
function watched(table, { configPath, ...rest } = {}) {
  const files = memoryFiles(table)
  const clock = { time: 0 }
  /** @type {string[][][]} */
  const changes = []
  /** @type {string[]} */
  const errors = []
  const configuration = new watch.WatchedConfiguration({
    places: () => ({
      env: {},
      home: '/home/me',
      cwd: '/app',
      platform: 'linux',
      files,
      configPath,
    }),
    now: () => clock.time,
    onChange: ({ added, removed, changed }) =>
      changes.push([names(added), names(removed), names(changed)]),
    onError: ({ message }) => errors.push(message),
    ...rest,
  })
  return {
    ...{ files, changes, errors, configuration },
    /** The servers' names after so many ms. */
    async after(ms) {
      clock.time += ms
      return names((await configuration.get()).servers)
    },
  }
}

test('a look counts for a second, and concurrent callers share it', async () => {
  const { files, changes, configuration, after } = watched({
    [FILE]: config({ a: { command: 'a' } }),
  })
  const all = await Promise.all([configuration.get(), configuration.get(), configuration.get()])
  assert.equal(new Set(all).size, 1)
  assert.equal(files.asked.filter((path) => path === FILE).length, 1)
  files.table[FILE] = config({ b: { command: 'b' } })
  assert.deepEqual(await after(999), ['a'])
  assert.deepEqual(await after(1), ['b'])
  assert.deepEqual(changes, [[['b'], ['a'], []]])
})

test('without a change nothing is read again', async () => {
  const { files, changes, after } = watched({ [FILE]: config({ a: { command: 'a' } }) })
  await after(0)
  const { length } = files.asked
  for (let look = 0; look < 3; look++) assert.deepEqual(await after(1000), ['a'])
  assert.deepEqual([files.asked.length, changes], [length, []])
})

describe('changes', () => {
  for (const [name, before, then, expected] of [
    ['a server more', { a: 'a' }, { a: 'a', b: 'b' }, [['b'], [], []]],
    ['a server less', { a: 'a', b: 'b' }, { a: 'a' }, [[], ['b'], []]],
    ['another command', { a: 'a', b: 'b' }, { a: 'a', b: 'c' }, [[], [], ['b']]],
    ['another order', { a: 'a', b: 'b' }, { b: 'b', a: 'a' }, undefined],
    ['another name', { a: 'a' }, { b: 'a' }, [['b'], ['a'], []]],
  ]) {
    const entries = (servers) =>
      config(
        Object.fromEntries(Object.entries(servers).map(([key, command]) => [key, { command }])),
      )
    test(name, async () => {
      const { files, changes, after } = watched({ [FILE]: entries(before) })
      await after(0)
      files.table[FILE] = entries(then)
      assert.deepEqual(await after(1000), Object.keys(then))
      assert.deepEqual(changes, expected === undefined ? [] : [expected])
    })
  }

  test('files that appear and disappear, also those of an editor', async () => {
    const { files, changes, after } = watched({})
    assert.deepEqual(await after(0), [])
    files.table[CURSOR] = { mcpServers: { c: { command: 'c' } } }
    assert.deepEqual(await after(1000), ['c'])
    files.table[FILE] = config({ a: { command: 'a' } })
    assert.deepEqual(await after(1000), ['a'])
    delete files.table[FILE]
    assert.deepEqual(await after(1000), ['c'])
    assert.deepEqual(changes, [
      [['c'], [], []],
      [['a'], ['c'], []],
      [['c'], ['a'], []],
    ])
  })

  test('a change without effect on sessions is visible, but not reported', async () => {
    const { files, changes, configuration, after } = watched({
      [FILE]: config({ a: { command: 'a' } }),
    })
    await after(0)
    files.table[FILE] = config({ a: { command: 'a', allowedTools: ['x'] } })
    await after(1000)
    assert.deepEqual((await configuration.get()).servers[0].allowedTools, ['x'])
    assert.deepEqual(changes, [])
  })
})

describe('a file that is broken', () => {
  test('from the start: it is ignored, as by mcporter', async () => {
    const { errors, after } = watched({ [FILE]: '{' })
    assert.deepEqual([await after(0), errors], [[], []])
  })

  test('for a moment: it is being written', async () => {
    const { files, changes, errors, after } = watched({ [FILE]: config({ a: { command: 'a' } }) })
    await after(0)
    files.table[FILE] = '{"mcpServers": {'
    assert.deepEqual(await after(1000), ['a'])
    files.table[FILE] = config({ a: { command: 'a' }, b: { command: 'b' } })
    assert.deepEqual(await after(1000), ['a', 'b'])
    assert.deepEqual(changes, [[['b'], [], []]])
    assert.match(errors.join(), /^\/app\/config\/mcporter\.json: it is no JSON: .* in line 1$/)
  })

  test('for longer: it counts as broken from the start', async () => {
    const editors = config({ a: { command: 'a' } }, ['cursor'])
    const table = { [FILE]: editors, [CURSOR]: { mcpServers: { c: { command: 'c' } } } }
    const { files, changes, errors, after } = watched(table)
    assert.deepEqual(await after(0), ['c', 'a'])
    files.table[CURSOR] = '{'
    assert.deepEqual(await after(1000), ['c', 'a'])
    assert.deepEqual(await after(1000), ['a'])
    assert.deepEqual(await after(1000), ['a'])
    assert.deepEqual([changes, errors.length], [[[[], ['c'], []]], 1])
  })

  test('so that mcporter would not start: the earlier reading stays, and one error is reported', async () => {
    const { files, changes, errors, after } = watched(
      { '/own.json': config({ a: { command: 'a' } }) },
      { configPath: '/own.json' },
    )
    await after(0)
    delete files.table['/own.json']
    for (let look = 0; look < 3; look++) assert.deepEqual(await after(1000), ['a'])
    assert.deepEqual([changes, errors.length], [[], 1])
    files.table['/own.json'] = config({})
    assert.deepEqual(await after(1000), [])
  })

  test('without an earlier reading: each look fails until the file is repaired', async () => {
    const { files, after, configuration } = watched({}, { configPath: '/own.json' })
    for (let look = 0; look < 2; look++) {
      assert.deepEqual(await after(0), [])
      const { refusal, ignored } = await configuration.get()
      assert.deepEqual([refusal.code, ignored[0].file], ['ERR_INVALID_CONFIG', '/own.json'])
    }
    files.table['/own.json'] = config({ a: { command: 'a' } })
    assert.deepEqual(await after(0), ['a'])
  })

  test('the present problem is reported beside the earlier reading', async () => {
    const { files, configuration, after } = watched(
      { '/own.json': config({ a: {} }) },
      { configPath: '/own.json' },
    )
    await after(0)
    for (const [content, problem] of [
      ['{', /^it is no JSON: /],
      ['[]', /^it must be an object/],
    ]) {
      files.table['/own.json'] = content
      assert.deepEqual(await after(1000), ['a'])
      assert.match((await configuration.get()).ignored[0].problem, problem)
    }
    files.table['/own.json'] = config({ a: {} })
    await after(1000)
    const { ignored, refusal } = await configuration.get()
    assert.deepEqual([ignored, refusal], [[], undefined])
  })

  test('the envFile of an entry is watched too', async () => {
    const entry = { command: 'a', envFile: '.env' }
    const { files, changes, after } = watched({ [FILE]: config({ a: entry }), '/app/.env': 'A=1' })
    await after(0)
    files.table['/app/.env'] = 'A=2'
    await after(1000)
    assert.deepEqual(changes, [[[], [], ['a']]])
  })
})

describe('of real files', () => {
  const folder = temporaryFolder()
  const { files } = filesModule

  test('the mark changes with each kind of change, and only then', async () => {
    const file = join(folder, 'marked')
    const marks = [await files.mark(file)]
    const note = async () => marks.push(await files.mark(file))
    writeFileSync(file, 'a')
    await note()
    assert.equal(await files.mark(file), marks[1])
    writeFileSync(file, 'bb')
    await note()
    writeFileSync(`${file}.new`, 'cc')
    renameSync(`${file}.new`, file)
    await note()
    assert.equal(new Set(marks).size, marks.length)
    rmSync(file)
    assert.equal(await files.mark(file), marks[0])
  })

  test('folders, devices and large files are not read', async () => {
    assert.equal(await files.read(join(folder, 'none')), undefined)
    assert.equal(await files.read(join(folder, 'none', 'below')), undefined)
    await assert.rejects(files.read(folder), { code: 'EISDIR' })
    writeFileSync(join(folder, 'large'), Buffer.alloc(16 * 2 ** 20 + 1))
    await assert.rejects(files.read(join(folder, 'large')), /too large/)
  })
})

test('it keeps no process alive', async () => {
  const program = `
    import watch from './lib/mcporter/config/watch.js'
    import places from './lib/mcporter/config/places.js'
    const { servers } = await new watch.WatchedConfiguration({ places: () => places.placesHere({ cwd: '/none' }) }).get()
    console.log(Array.isArray(servers))`
  assert.deepEqual(await outcomeOf(program), { code: 0, signal: null, stdout: 'true', stderr: '' })
})
