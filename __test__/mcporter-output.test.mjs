import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import exitCodes from '../lib/mcporter/exit-codes.js'
import output from '../lib/mcporter/output.js'

const { TOOL_ERROR, TOOL_RESULT } = exitCodes
const { callVerdict, deniesTool, listVerdict, serverNames } = output

// What mcporter 0.9.0 printed, recorded; where another version's exit code differs, that is said.
const STRUCTURED = '{\n  "entities": [],\n  "relations": []\n}\n'
const TEXT =
  '{\n  "content": [\n    {\n      "type": "text",\n      "text": "Echo: hi"\n    }\n  ]\n}\n'
const ERROR = `{
  "content": [
    {
      "type": "text",
      "text": "MCP error -32602: Tool nope not found"
    }
  ],
  "isError": true
}
`
const JSON_ERROR = '{\n  "reason": "no such campaign"\n}\n'
const CORRECTED = `[mcporter] Auto-corrected tool call to odd.append (input: odd.appen).\n${TEXT}`
const LOOKS_LIKE_A_REPORT = '{\n  "server": "s",\n  "tool": "t",\n  "error": "none"\n}\n'
const UNKNOWN_SERVER = `{
  "server": "s",
  "tool": "t",
  "error": "Unknown MCP server 's'.",
  "issue": {
    "kind": "other",
    "rawMessage": "Unknown MCP server 's'."
  }
}
`
const CLOSED = { kind: 'offline', rawMessage: 'MCP error -32000: Connection closed' }
const DIED = `[mcporter] stderr from node
{
  "content": []
}
out of luck
{
  "server": "s",
  "tool": "t",
  "error": "MCP error -32000: Connection closed",
  "issue": ${JSON.stringify(CLOSED)}
}
`
const DIED_STDERR = '[mcporter] s appears offline (MCP error -32000: Connection closed).\n'
const LISTING = `{
  "mode": "server",
  "name": "s",
  "status": "ok",
  "durationMs": 327,
  "transport": "STDIO node index.js",
  "source": {
    "kind": "local",
    "path": "mcporter.json"
  },
  "tools": [
    {
      "name": "echo",
      "description": "Echoes back the input string",
      "inputSchema": {
        "type": "object"
      },
      "options": []
    }
  ]
}
`
const NO_HELP = `[mcporter] s does not expose a 'help' tool; showing mcporter list output instead.\n${LISTING}`
const LISTED_OTHER = `[mcporter] Auto-corrected server name to s (input: z).\n${LISTING}`
const LIST_DIED = `[mcporter] stderr from node
no licence
{
  "mode": "server",
  "name": "s",
  "status": "offline",
  "issue": ${JSON.stringify(CLOSED)},
  "error": "offline"
}
`
const LIST_AUTH =
  '{\n  "mode": "server",\n  "name": "s",\n  "status": "auth",\n  "authCommand": "mcporter auth s",\n  "error": "auth required"\n}\n'
const NO_CONFIG =
  "[mcporter] ENOENT: no such file or directory, open 'mcporter.json'\nError: ENOENT\n    at open\n"

const echoed = { content: [{ type: 'text', text: 'Echo: hi' }] }
const failedTool = {
  content: [{ type: 'text', text: 'MCP error -32602: Tool nope not found' }],
  isError: true,
}
const diedOf = (stderr) => ({ kind: 'failed', message: CLOSED.rawMessage, issue: CLOSED, stderr })

const CALLS = [
  [
    'structured content',
    TOOL_RESULT,
    STRUCTURED,
    { kind: 'result', value: { entities: [], relations: [] } },
  ],
  ['text', TOOL_RESULT, TEXT, { kind: 'result', value: echoed }],
  ['text that is JSON: a number', TOOL_RESULT, '42\n', { kind: 'result', value: 42 }],
  ['text that is JSON: null', TOOL_RESULT, 'null\n', { kind: 'result', value: null }],
  [
    'several texts that are JSON',
    TOOL_RESULT,
    '[\n  1,\n  "a"\n]\n',
    { kind: 'result', value: [1, 'a'] },
  ],
  [
    'after a notice',
    TOOL_RESULT,
    `[mcporter] Connecting\n${TEXT}`,
    { kind: 'result', value: echoed },
  ],
  [
    'before stderr',
    TOOL_RESULT,
    `${TEXT}[mcporter] stderr from node\n{\n}\n7\n`,
    { kind: 'result', value: echoed },
  ],
  [
    'Windows line ends',
    TOOL_RESULT,
    `notice\r\n${TEXT.replaceAll('\n', '\r\n')}`,
    { kind: 'result', value: echoed },
  ],
  [
    'a result like a report',
    TOOL_RESULT,
    LOOKS_LIKE_A_REPORT,
    { kind: 'result', value: JSON.parse(LOOKS_LIKE_A_REPORT) },
  ],
  ['a result with isError in it', TOOL_RESULT, ERROR, { kind: 'result', value: failedTool }],
  ['isError', TOOL_ERROR, ERROR, { kind: 'tool-error', value: failedTool }],
  [
    'isError with JSON',
    TOOL_ERROR,
    JSON_ERROR,
    { kind: 'tool-error', value: { reason: 'no such campaign' } },
  ],
  ['unknown server', 0, UNKNOWN_SERVER, { kind: 'unknown-server' }],
  [
    'server died',
    0,
    DIED,
    diedOf('[mcporter] stderr from node\n{\n  "content": []\n}\nout of luck\n'),
  ],
  ['no tool named help', 0, NO_HELP, { kind: 'unknown-tool', available: ['echo'] }, 'help'],
  [
    'cut off',
    TOOL_RESULT,
    '{\n  "content": [\n',
    { kind: 'failed', message: 'mcporter exited with code 64 without an answer', stderr: '' },
  ],
  [
    'nothing',
    null,
    '',
    { kind: 'failed', message: 'mcporter was ended by SIGKILL without an answer', stderr: '' },
  ],

  ['not watched: a result', 0, TEXT, { kind: 'result', value: echoed }],
  ['not watched: isError', 0, ERROR, { kind: 'tool-error', value: failedTool }],
  [
    'not watched: isError, 0.12',
    1,
    JSON_ERROR,
    { kind: 'tool-error', value: { reason: 'no such campaign' } },
  ],
  [
    'not watched: another tool called',
    0,
    CORRECTED,
    { kind: 'unknown-tool', insteadOf: 'odd.append' },
  ],
]

describe('the verdict on a call', () => {
  for (const [name, exitCode, stdout, expected, tool = 't'] of CALLS) {
    test(name, () => {
      const signal = exitCode === null ? 'SIGKILL' : null
      assert.deepEqual(
        callVerdict({ exitCode, signal, stdout, stderr: '' }, { server: 's', tool }),
        expected,
      )
    })
  }

  test('mcporter complains on stderr', () => {
    const verdict = callVerdict(
      { exitCode: 1, stdout: '', stderr: NO_CONFIG },
      { server: 's', tool: 't' },
    )
    const complaint =
      "mcporter exited with code 1 without an answer: ENOENT: no such file or directory, open 'mcporter.json'"
    assert.deepEqual(verdict, { kind: 'failed', message: complaint, stderr: NO_CONFIG })
  })

  test("the failure carries the server's stderr and mcporter's", () => {
    const verdict = callVerdict(
      { exitCode: 0, stdout: DIED, stderr: DIED_STDERR },
      { server: 's', tool: 't' },
    )
    assert.match(verdict.stderr, /out of luck\n\[mcporter\] s appears offline/)
  })
})

const LISTS = [
  [
    'tools',
    LISTING,
    '',
    {
      kind: 'tools',
      tools: [
        {
          name: 'echo',
          description: 'Echoes back the input string',
          inputSchema: { type: 'object' },
        },
      ],
      value: JSON.parse(LISTING),
    },
  ],
  [
    'another server of a similar name',
    LISTED_OTHER.replace('"s"', '"other"'),
    '',
    { kind: 'unknown-server' },
  ],
  [
    'no server',
    '',
    "[mcporter] Did you mean gone?\nUnknown MCP server 's'.\n",
    { kind: 'unknown-server' },
  ],
  ['server died', LIST_DIED, '', diedOf('[mcporter] stderr from node\nno licence\n')],
  [
    'not authorised',
    LIST_AUTH,
    '',
    {
      kind: 'failed',
      message: 'auth required (run `mcporter auth s`)',
      issue: undefined,
      stderr: '',
    },
  ],
  [
    'nothing',
    '',
    'boom\n',
    {
      kind: 'failed',
      message: 'mcporter exited with code 0 without an answer: boom',
      stderr: 'boom\n',
    },
  ],
]

describe('the verdict on a list of tools', () => {
  for (const [name, stdout, stderr, expected] of LISTS) {
    test(name, () => {
      assert.deepEqual(listVerdict({ exitCode: 0, stdout, stderr }, { server: 's' }), expected)
    })
  }
})

test('names of servers', () => {
  const stdout =
    '{\n  "servers": [\n    {\n      "name": "a",\n      "env": {}\n    },\n    {\n      "name": "b"\n    }\n  ]\n}\n'
  assert.deepEqual(
    serverNames({ exitCode: 0, stdout: `[mcporter] Ignoring config\n${stdout}`, stderr: '' }),
    ['a', 'b'],
  )
  assert.deepEqual(serverNames({ exitCode: 1, stdout: 'broken', stderr: '' }), [])
})

test('words for "I have no such tool"', () => {
  const denials = [
    'MCP error -32602: Tool a"b not found',
    'Unknown tool: a"b',
    "Tool 'a\"b' is not accessible on server 's'",
  ]
  for (const text of denials) assert.equal(deniesTool(JSON.stringify({ text }), 'a"b'), true, text)
  const others = ['Tool other not found', 'a"b: quota exceeded', 'campaign not found']
  for (const text of others) assert.equal(deniesTool(JSON.stringify({ text }), 'a"b'), false, text)
})
