// The line of a server's stderr that an error quotes.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { McpPool } from '../index.js'
import { tellingLine } from '../lib/mcp/last-words.js'
import { temporaryFolder } from './fixtures/mcp-servers.mjs'
import { assertNothingLeft } from './support/processes.mjs'

after(assertNothingLeft)

const NODE = `node:internal/modules/cjs/loader:1210
  throw err;
  ^

Error: Cannot find module '/srv/nope.js'
Require stack:
- /srv/index.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15)
    at node:internal/main/run_main_module:28:49 {
  code: 'MODULE_NOT_FOUND',
  requireStack: []
}

Node.js v20.20.2
`
const NPM = `npm error code E404
npm error 404 Not Found - GET https://npm.example/nope
npm error 404
npm error 404  The requested resource 'nope@*' could not be found.
npm error A complete log of this run can be found in: /root/.npm/_logs/debug-0.log
`

describe('the telling line', () => {
  for (const [name, stderr, expected] of [
    ['of nothing', '', ''],
    ['of blank lines', ' \n\t\r\n', ''],
    ['of one line', 'no licence\n', 'no licence'],
    ['of several lines is the last', 'starting\nno licence\n\n', 'no licence'],
    ['of Node.js, a missing file', NODE, "Error: Cannot find module '/srv/nope.js'"],
    [
      'of Node.js, an error of the server after its own lines',
      "ready soon\n/srv/a.js:1\nthrow new TypeError('KEY is not set')\n^\n\nTypeError: KEY is not set\n    at f (/srv/a.js:1:7)\n\nNode.js v24.1.0\n",
      'TypeError: KEY is not set',
    ],
    [
      'of Node.js, an error with a code',
      "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'x'\n    at a\nNode.js v20.1.0",
      "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'x'",
    ],
    [
      'of Node.js, an error with a cause',
      'Error: outer\n    at a (b.js:1:1) {\n  [cause]: Error: inner\n      at c (d.js:1:1)\n}\n',
      'Error: outer',
    ],
    [
      'of Node.js, a thrown text',
      "/srv/a.js:1\nthrow 'boom'\n^\nboom\n(Use `node --trace-uncaught ...` to show where)\n\nNode.js v20.1.0\n",
      'boom',
    ],
    [
      'of Node.js, a rejection with something else',
      'UnhandledPromiseRejection: This error originated\n    at a\nNode.js v22.1.0',
      'UnhandledPromiseRejection: This error originated',
    ],
    ['of npm', NPM, 'npm error 404 Not Found - GET https://npm.example/nope'],
    [
      'of an older npm',
      'npm ERR! code ENOENT\nnpm ERR! syscall open\nnpm ERR! enoent Could not read package.json\nnpm ERR! enoent This is related\n\nnpm ERR! A complete log of this run can be found in:\nnpm ERR!     /root/.npm/_logs/x.log\n',
      'npm ERR! enoent Could not read package.json',
    ],
    [
      'of Python',
      'Traceback (most recent call last):\n  File "s.py", line 1, in <module>\n    import nope\nModuleNotFoundError: No module named \'nope\'\n',
      "ModuleNotFoundError: No module named 'nope'",
    ],
    [
      'of Python, an error without a message',
      'Traceback (most recent call last):\n  File "s.py", line 1\nKeyboardInterrupt\n\n',
      'KeyboardInterrupt',
    ],
    [
      'of Rust, with the message below',
      "thread 'main' (17) panicked at src/main.rs:2:5:\nKEY is not set\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n",
      "thread 'main' (17) panicked at src/main.rs:2:5: KEY is not set",
    ],
    [
      'of an older Rust',
      "thread 'main' panicked at 'KEY is not set', src/main.rs:2:5\nnote: run with `RUST_BACKTRACE=1`\n",
      "thread 'main' panicked at 'KEY is not set', src/main.rs:2:5",
    ],
    [
      'of Java',
      'Exception in thread "main" java.lang.IllegalStateException: KEY is not set\n\tat A.main(A.java:3)\n\t... 12 more\n',
      'Exception in thread "main" java.lang.IllegalStateException: KEY is not set',
    ],
    [
      'of Go',
      'panic: KEY is not set\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/main.go:4 +0x18\nexit status 2\n',
      'panic: KEY is not set',
    ],
    [
      'of docker',
      "docker: Error response from daemon: no such image\n\nRun 'docker run --help' for more information\n",
      'docker: Error response from daemon: no such image',
    ],
    [
      'of a command line with advice',
      "error: unexpected argument '--foo'\n\nFor more information, try '--help'.\n",
      "error: unexpected argument '--foo'",
    ],
    ['of a shell', 'sh: 1: nope: not found\n', 'sh: 1: nope: not found'],
    ['of a stack alone', '    at a (b.js:1:1)\n    at c (d.js:1:1)\n', 'at c (d.js:1:1)'],
    [
      'is not an error of long ago',
      `Error: slow\n${'request served\n'.repeat(30)}the disk is full\n`,
      'the disk is full',
    ],
    ['is the last of several errors', 'Error: a\nError: b\n    at c\n', 'Error: b'],
    [
      'has no colours, whatever ends its lines',
      '\u001b[31mTypeError: \u001b[1mred\u001b[0m\u0007\r\n    at a\r\n\u001b]0;title\u0007\n',
      'TypeError: red',
    ],
    ['has no half of a sequence', 'red \u001b[3', 'red'],
    ['is cut', `Error: ${'x'.repeat(5000)}`, `Error: ${'x'.repeat(293)}…`],
  ])
    test(name, () => assert.equal(tellingLine(stderr), expected))

  test('of any text is one line without control characters', () => {
    const pieces = [
      'Error: a',
      'npm error b',
      '\u001b[31m',
      '\r',
      '\n',
      '  at c',
      '^',
      '\u009b1m',
      ':',
    ]
    for (let seed = 1; seed < 2000; seed++) {
      const text = Array.from({ length: 9 }, (_, at) => pieces[(seed * (at + 7) + at) % 9]).join('')
      assert.doesNotMatch(tellingLine(text), /[\p{Cc}]/u)
    }
  })
})

test('the error of a server that throws at its start quotes the reason', async (t) => {
  const script = join(temporaryFolder(), 'server.js')
  writeFileSync(script, "throw new TypeError('\\u001b[31mKEY\\u001b[0m is not set')")
  const pool = new McpPool({ servers: { it: { command: process.execPath, args: [script] } } })
  t.after(() => pool.close())
  await assert.rejects(pool.callTool('it', 'echo'), {
    code: 'ERR_SERVER_START',
    message: /exited with code 1 before it was ready; it last wrote: TypeError: KEY is not set$/,
  })
})
