import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { spawn } from '../index.js'
import { noShell, sh } from './support/commands.mjs'
import { assertNothingLeft } from './support/processes.mjs'

afterEach(assertNothingLeft)

/** What a command wrote, line by line, and how it ended. */
async function linesOf([command, args], options) {
  const child = spawn(command, args, options)
  const [lines, errorLines] = [[], []]
  child.on('line', (line) => lines.push(line))
  child.on('errorLine', (line) => errorLines.push(line))
  const ended = await child.exited.catch((error) => error)
  return { lines, errorLines, ended }
}

const print = (text) => ['printf', ['%b', text]]

describe('lines', { skip: noShell }, () => {
  /** What is written, and the lines that it makes. */
  const table = {
    '': [],
    '\\n': [''],
    'a\\n': ['a'],
    'no end': ['no end'],
    'a\\nb': ['a', 'b'],
    'a\\n\\n\\nb\\n\\n': ['a', '', '', 'b', ''],
    'a\\r\\nb\\r\\n': ['a', 'b'],
    '\\r\\n': [''],
    'a\\rb\\n': ['a\rb'],
    'a\\r\\r\\n': ['a\r'],
    'last\\r': ['last\r'],
    '\\0a\\0\\n': ['\0a\0'],
    '\\0303\\0244 \\0360\\0237\\0246\\0200\\n': ['ä 🦀'],
    'bad \\0377\\n': ['bad \ufffd'],
  }
  for (const [text, expected] of Object.entries(table))
    test(`'${text}'`, async () => {
      const { lines, errorLines, ended } = await linesOf(print(text))
      assert.deepEqual([lines, errorLines, ended.exitCode], [expected, [], 0])
      const toErrors = await linesOf(sh('printf %b "$1" >&2', text))
      assert.deepEqual([toErrors.lines, toErrors.errorLines], [[], expected])
    })

  test("encoding 'buffer': bytes as they are", async () => {
    const { lines } = await linesOf(print('\\0377\\0376\\r\\n\\n\\0'), { encoding: 'buffer' })
    assert.deepEqual(lines, [Buffer.from([255, 254]), Buffer.alloc(0), Buffer.from([0])])
  })

  test('a line that comes in pieces is one line, for any characters', async () => {
    const { lines } = await linesOf(
      sh(`for i in a '\\303' '\\244' '\\r' '\\n' b; do printf "$i"; sleep 0.03; done`),
    )
    assert.deepEqual(lines, ['aä', 'b'])
  })

  test('a hundred thousand come in order, all of them, from both outputs', async () => {
    const { lines, errorLines } = await linesOf(sh('seq 100000 & seq 100000 >&2; wait'))
    const expected = Array.from({ length: 100_000 }, (_, at) => `${at + 1}`)
    assert.deepEqual(lines, expected)
    assert.deepEqual(errorLines, expected)
  })

  test('one of many megabytes is one line', async () => {
    const { lines } = await linesOf(sh(`head -c 9000000 /dev/zero | tr '\\0' x; echo; echo next`))
    assert.deepEqual(
      lines.map(({ length }) => length),
      [9_000_000, 4],
    )
  })

  test("lines of a background child after the command's exit are emitted", async () => {
    const { lines, ended } = await linesOf(sh('(sleep 0.2; echo late) & echo early'), {
      killGrace: 60_000,
    })
    assert.deepEqual([lines, ended.exitCode], [['early', 'late'], 0])
  })
})

describe('maxBuffer bounds a line', { skip: noShell }, () => {
  test('not the whole output: a thousand lines of the bound are accepted', async () => {
    const { lines, ended } = await linesOf(['seq', ['1000', '1999']], { maxBuffer: 4 })
    assert.deepEqual([lines.length, ended.exitCode], [1000, 0])
  })

  for (const [name, stream] of [
    ['stdout', ''],
    ['stderr', '>&2'],
  ])
    for (const ending of ['\\n', '', '\\r\\n'])
      test(`${name}: the exact bound with '${ending}' is accepted, and one byte more terminates the tree`, async () => {
        const fine = await linesOf(sh(`printf 'abcd${ending}' ${stream}`), { maxBuffer: 4 })
        assert.deepEqual([[...fine.lines, ...fine.errorLines], fine.ended.exitCode], [['abcd'], 0])
        const over = await linesOf(sh(`printf 'ok\\nabcde${ending}' ${stream}; sleep 60`), {
          maxBuffer: 4,
        })
        assert.deepEqual([...over.lines, ...over.errorLines], ['ok'])
        assert.deepEqual([over.ended.code, over.ended.truncated], ['ERR_MAX_BUFFER', true])
      })

  test('the \\r of a line of the bound is not counted when it comes by itself', async () => {
    const { lines, ended } = await linesOf(sh(`printf 'abcd\\r'; sleep 0.3; printf '\\n'`), {
      maxBuffer: 4,
    })
    assert.deepEqual([lines, ended.exitCode], [['abcd'], 0])
  })

  test('a line without an end does not fill the memory', async () => {
    const { lines, ended } = await linesOf(sh(`tr '\\0' x < /dev/zero`))
    assert.deepEqual([lines, ended.code], [[], 'ERR_MAX_BUFFER'])
  })
})
