import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { closed, nothingLeft, programs, SUCCESS, statusOf } from './node-child-process/endings.mjs'
import { exec, execFile, fork, spawn } from './node-child-process/module.mjs'

afterEach(nothingLeft)

/** Starts children while every object has a property more. */
function whileTampered(name, value, start) {
  Object.prototype[name] = value
  try {
    return start()
  } finally {
    delete Object.prototype[name]
  }
}

const skip = process.platform === 'linux' ? false : 'needs the commands of Linux'

describe('a property of Object.prototype', { skip }, () => {
  const sayAll = async (name, value, expected, [file, ...args]) => {
    const children = whileTampered(name, value, () => [
      exec([file, ...args].join(' ')),
      execFile(file, args),
      spawn(file, args),
    ])
    for (const { stdout, errors } of await Promise.all(children.map(closed))) {
      assert.deepEqual(errors, [])
      assert.equal(stdout, `${expected}\n`)
    }
  }

  for (const value of ['', '/tmp', '/not/existing/folder', 42n])
    test(`cwd = ${typeof value} '${value}' is no option`, () =>
      sayAll('cwd', value, process.cwd(), ['pwd']))

  for (const value of [0, 1, 999, 1000, 0n, 'name'])
    test(`uid = ${typeof value} ${value} is no option`, () =>
      sayAll('uid', value, process.getuid?.(), ['id', '-u']))

  test('execPath is no option', async () => {
    const path = '/not/existing/program'
    const child = whileTampered('execPath', path, () => fork(programs, ['nothing']))
    const { errors, ...rest } = await closed(child)
    assert.deepEqual(errors, [])
    assert.deepEqual(statusOf(rest), SUCCESS)
  })

  test('shell is no option', async () => {
    const args = ['-L && echo "tampered"']
    const options = { cwd: process.cwd() }
    const [spawned, executed] = whileTampered('shell', true, () => [
      spawn('pwd', args, options),
      execFile('pwd', args, options),
    ])
    const endings = await Promise.all([closed(spawned), closed(executed)])
    for (const { code, stdout, stderr } of endings) {
      assert.notEqual(code, 0)
      assert.equal(stdout, '')
      assert.notEqual(stderr, '')
    }
  })
})
