'use strict'

// What the children of the tests run: `node programs.cjs NAME [ARGUMENT]`.

const assert = require('node:assert/strict')
const { Socket } = require('node:net')
const handlePrograms = require('./handle-programs.cjs')
const netPrograms = require('./net-programs.cjs')
const parentPrograms = require('./parent-programs.cjs')

const MESSAGES = 10
const [name, argument] = process.argv.slice(2)
/** The module under test, for children that have children. */
const underTest = () => import('./module.mjs').then(({ default: cp }) => cp)

const programs = {
  ...handlePrograms,
  ...netPrograms,
  ...parentPrograms,

  nothing() {},

  forever() {
    setInterval(() => {}, 1000)
  },

  persistent() {
    process.on('message', () => {})
  },

  exitWith() {
    process.exit(Number(argument))
  },

  fail() {
    throw new Error('a program that fails')
  },

  /** Writes a line to both outputs, after so many milliseconds. */
  writeLines() {
    setTimeout(
      () => {
        console.log('to stdout')
        console.error('to stderr')
      },
      Number(argument ?? 0),
    )
  },

  /** Sends back each message. */
  sendBack() {
    process.on('message', (message) => process.send(message))
  },

  sendLargeArrays() {
    for (let fill = 0; fill < 4; fill++) process.send(new Uint8Array(8 * 1024 * 1024).fill(fill))
  },

  /** Sends messages of a length that splits the length field of a following message. */
  sendSplitLengths() {
    const message = Buffer.alloc(65_521)
    let left = MESSAGES
    const send = () => {
      if (left-- > 0) process.send(message, send)
      else process.nextTick(() => process.exit())
    }
    send()
  },

  sendArgv0() {
    process.send({ argv0: process.argv[0] })
  },

  sayArgument() {
    process.send(argument)
  },

  sayArgv0() {
    process.stdout.write(process.argv0)
  },

  /** Greets, and takes one message. */
  greet() {
    process.once('message', (message) => assert.deepEqual(message, { hello: 'world' }))
    process.send({ foo: 'bar' })
  },

  /** Lives by its channel: sends twice, and writes when the parent disconnects. */
  twice() {
    process.send('1')
    setTimeout(() => process.send('2'), 50)
    process.on('disconnect', () => process.stdout.write('3'))
  },

  disconnect() {
    process.disconnect()
  },

  /** Listens for messages when the channel has gone: must not live by that. */
  listenTooLate() {
    process.disconnect()
    setTimeout(() => process.on('message', () => assert.fail('a message without a channel')), 50)
  },

  /** Sends back what arrives at descriptor 4. */
  relay() {
    process.stdout.write('not seen')
    process.stderr.write('seen')
    const pipe = new Socket({ fd: 4 })
    process.on('disconnect', () => pipe.unref())
    pipe.setEncoding('utf8').on('data', (text) => process.send(text))
  },

  twoOutputs() {
    process.stdout.write('out')
    process.stderr.write('err')
  },

  /** Forks a silent child that writes, and exits after it. */
  async silentParent() {
    const { fork } = await underTest()
    const child = fork(__filename, ['twoOutputs'], { silent: true })
    child.disconnect()
    child.on('exit', () => process.exit(0))
  },

  answer() {
    process.send('hello')
    process.on('message', () => process.send('answer'))
  },

  sendInternal() {
    process.send({ cmd: 'fooNODE_' })
    process.send({ cmd: 'NODE_bar' })
    process.exit(0)
  },

  /** Throws each message: none of the throws may stop the next message. */
  throwMessages() {
    const seen = new Set()
    let count = 0
    process.on('uncaughtException', (thrown) => {
      count++
      seen.add(thrown)
      if (seen.size === MESSAGES) process.disconnect()
    })
    process.on('exit', () => {
      process.exitCode = count === MESSAGES ? 0 : 9
    })
    process.on('message', (message) => {
      throw message
    })
    process.send('ready')
  },

  sendWithCallback() {
    let calls = 0
    process.send('ok', (error) => {
      assert.equal(error, null)
      calls++
    })
    process.on('exit', () => assert.equal(calls, 1))
  },

  sendUtf8() {
    process.send('ßßßß'.repeat(1e5 - 1))
  },

  sendWrongHandles() {
    for (const [args, code] of require('./wrong-handles.cjs'))
      assert.throws(() => process.send(...args), { code, name: 'TypeError' })
  },

  touchStdin() {
    assert.ok(process.stdin)
  },

  sayHello() {
    process.send('hello')
  },

  endAtInput() {
    const timer = setInterval(() => {}, 1000)
    process.stdin.on('data', () => clearInterval(timer))
    process.stdout.write('x')
  },

  warnSilently() {
    process.noDeprecation = true
    process.emitWarning('Something is old.', 'DeprecationWarning')
  },

  /** Spawns a command that has all outputs of this process, and waits for nothing. */
  async inheritAll() {
    const { spawn } = await underTest()
    const [file, ...args] = argument.split(' ')
    spawn(file, args, { stdio: 'inherit' }).on('exit', (code) => {
      process.exitCode = code
    })
  },

  echo() {
    process.stdout.write('hello world\r\n')
    process.stdin.pipe(process.stdout)
  },

  countInput() {
    let received = 0
    process.stdin.on('data', ({ length }) => {
      received += length
    })
    process.stdin.on('end', () => process.stdout.write(String(received)))
  },

  /** Writes each number that it reads, and to stderr the number's length. */
  echoNumbers() {
    const say = (number) => {
      process.stdout.write(number)
      process.stderr.write(String(number.length))
    }
    say('0')
    process.stdin.on('data', (data) => {
      if (String(data) === 'exit') process.exit(0)
      say(String(data))
    })
  },

  manyLines() {
    console.log('hello')
    for (let line = 0; line < 100; line++) console.log('filler')
    console.log('goodbye')
    process.exit(0)
  },

  /** Writes so many characters, and waits whenever stdout is full. */
  manyCharacters() {
    let left = Number(argument)
    const write = () => {
      while (left > 0) {
        const length = Math.min(left, 1 + (left % 997))
        left -= length
        if (!process.stdout.write('x'.repeat(length))) {
          process.stdout.once('drain', write)
          return
        }
      }
    }
    write()
  },

  /** Tries to give a child an identity that this process may not give. */
  async takeRoot() {
    const { spawn } = await underTest()
    assert.throws(() => spawn('echo', ['hello'], { uid: 0 }), /\bEPERM\b/)
    assert.throws(() => spawn('echo', ['hello'], { gid: 0 }), /\bEPERM\b/)
    process.stdout.write('refused')
  },
}

assert.ok(Object.hasOwn(programs, name), `no program ${name}`)
programs[name]()
