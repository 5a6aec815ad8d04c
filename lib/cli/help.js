'use strict'

const { wrapped } = require('./text')

/**
 * A help page: paragraphs, and options with their meanings.
 * @typedef {object} Page
 * @property {string} usage
 * @property {string[]} about
 * @property {[string, string][]} [options]
 * @property {string[]} [notes]
 */

/** The widest help, also where there is more room. */
const WIDEST = 100
/** The narrowest help, also where there is less room. */
const NARROWEST = 40

/** @type {[string, string][]} */
const SERVER = [
  [
    '--url URL',
    "the server's health routes; default $PROCWARD_URL, otherwise the running server that has " +
      'left its address, otherwise http://127.0.0.1:3002/api/health',
  ],
  ['--pid PID', 'the running server with this pid, one of several'],
  [
    '--token TOKEN',
    "the server's token; better in $PROCWARD_TOKEN, because other users can see arguments",
  ],
]

/** @type {[string, string][]} */
const COMMANDS = [
  ['status', 'the state of a running server'],
  ['ps', 'the processes that were started through procward'],
  ['logs', 'the latest failed calls of a running server, with the reason'],
  ['top', 'status and processes, repeatedly'],
  ['metrics', 'the metrics of a running server, in Prometheus text format'],
  ['fleet', 'the processes, holders and waiters of a fleet that shares its limits'],
  ['run', 'runs a command, and leaves no process of it behind'],
  ['kill', 'ends the process tree that a process belongs to'],
  ['clean', 'shows the orphans of dead servers; with --yes, terminates them'],
  ['doctor', 'checks procward on this machine and its configuration'],
  ['init', 'prints the lines that this app needs; changes nothing'],
  ['register', 'prints the option for NODE_OPTIONS that guards all children of a Node.js program'],
  ['help', 'help, also for one command: procward help status'],
]

/** @type {Page} */
const MAIN = {
  usage: 'procward <command> [options]',
  about: ['Shows and cleans up the child processes of Node.js servers that use procward.'],
  options: [
    ['--json', 'for programs: one JSON document on stdout (top: one a line)'],
    ['-q, --quiet', "nothing but --json's document, and errors"],
    ['-h, --help', 'help, also for one command'],
    ['-V, --version', 'the version'],
  ],
  notes: [
    'Exit codes: 0 fine, 1 a problem was found, 2 wrong usage, 3 the server cannot be reached, ' +
      '130 interrupted.',
  ],
}

/** @type {Record<import('./arguments').Command, Page>} */
const OF_COMMAND = {
  status: {
    usage: 'procward status [options]',
    about: [
      'Shows the state of a running server: its readiness, limit, queue, calls, sessions, cleanup ' +
        'and alerts. Exits with 1 if the server is not ready or has an alert, with 3 if it cannot ' +
        'be reached.',
    ],
    options: SERVER,
  },
  ps: {
    usage: 'procward ps [options]',
    about: [
      'Lists the processes on this machine that were started through procward, and their servers. ' +
        'Running servers add the purpose of each process. With --url or --pid, lists the processes ' +
        'of that server alone. Works without a server. Exits with 1 if there are orphans among the ' +
        'listed processes.',
    ],
    options: [
      ['--all', 'every Node.js process, with the reason why it is or is not ours'],
      ...SERVER,
    ],
    notes: [
      'OWNER is the pid of the server that started the process.',
      'States: orphan (of a dead server), owned (of a running server), server, guard (kills a tree ' +
        'with its server), unknown (cannot be decided yet, or from here), foreign. Command lines ' +
        'are shown for your own processes only, without values.',
    ],
  },
  logs: {
    usage: 'procward logs [options]',
    about: [
      'Lists the latest failed calls of a running server, the newest last: when, server, tool, ' +
        'code, time, and the reason. A server keeps 50. Reasons are shown with a token, or on the ' +
        "server's own machine.",
    ],
    options: [['--count N', 'at most so many; default: all'], ...SERVER],
  },
  run: {
    usage: 'procward run [options] [--] COMMAND [ARGUMENT...]',
    about: [
      'Runs a command with this terminal and these standard streams. Signals are passed on to the ' +
        "command. When the command ends, or this process in any way, the rest of the command's " +
        'processes are ended.',
    ],
    options: [
      [
        '--timeout TIME',
        'ends all processes of the command after this time: 500ms, 60s, 1.5m, 2h or 1d; a number ' +
          'alone means seconds; default: no limit',
      ],
      [
        '--grace MS',
        'ms between SIGTERM and SIGKILL at the timeout, and for processes that the command leaves ' +
          'behind; default 2000',
      ],
    ],
    notes: [
      'Exits with the exit code of the command, or with 128 and the number of the signal that ' +
        'ended it. Other exit codes: 124 timed out, 126 the command cannot be executed, 127 there ' +
        'is no such command.',
    ],
  },
  kill: {
    usage: 'procward kill PID [options]',
    about: [
      'Ends the process tree that process PID belongs to: SIGTERM to each process of the tree, and ' +
        'SIGKILL after the grace period. The tree must have been started through procward, by a ' +
        'running or a dead server. Any other process is refused, and nothing is ended. Exits with 1 ' +
        'after a refusal, or if some processes could not be ended.',
    ],
    options: [['--grace MS', 'ms between SIGTERM and SIGKILL; default 2000']],
  },
  clean: {
    usage: 'procward clean [options]',
    about: [
      'Shows the orphans of dead servers, and nothing else: no other Node.js process, and no ' +
        'process of a running server. Exits with 1 if there are orphans (with --yes, if some could ' +
        'not be terminated).',
    ],
    options: [['--yes', 'terminates them: SIGTERM, and SIGKILL 2 s later']],
  },
  top: {
    usage: 'procward top [options]',
    about: [
      'Shows status and processes repeatedly, with --url or --pid the processes of that server ' +
        'alone. q or Ctrl+C quits. Without a terminal, writes one block after the other.',
    ],
    options: [
      ['--interval N', 'seconds between two rounds; default 2'],
      ['--count N', 'number of rounds; default: no limit'],
      ...SERVER,
    ],
  },
  doctor: {
    usage: 'procward doctor [options]',
    about: [
      'Checks Node.js, the native addon, the guarantees for process trees, control groups and ' +
        'memory limits, the environment, mcporter and its configuration, orphans of dead servers, ' +
        'and running servers. Exits with 1 if a check fails.',
    ],
    options: SERVER,
  },
  metrics: {
    usage: 'procward metrics [options]',
    about: [
      'Prints the metrics of a running server in Prometheus text format; with --json, as a list of ' +
        'samples.',
    ],
    options: SERVER,
  },
  fleet: {
    usage: 'procward fleet [options]',
    about: [
      'Lists the processes of a fleet with a lease, the calls that hold slots, the calls that wait, ' +
        'and the paused servers. Changes nothing.',
      "$MCP_LIMIT_URL has the address of the fleet's Redis, which is shown without user, password " +
        'and query. Exits with 3 if Redis cannot be reached.',
    ],
  },
  init: {
    usage: 'procward init [options]',
    about: [
      'Looks at the app in this folder (Express, Fastify or plain HTTP; CommonJS, ES modules or ' +
        'TypeScript), and prints the lines for the health routes, the shutdown and the import that ' +
        'it needs. Changes nothing, and runs nothing of the app.',
    ],
  },
  register: {
    usage: 'procward register [options]',
    about: [
      'Prints the option that guards every child process of a Node.js program, with an absolute ' +
        'path:',
      '  NODE_OPTIONS="$(npx procward register)" node server.js',
    ],
  },
  help: {
    usage: 'procward help [COMMAND]',
    about: ['Shows the commands, or the help of one command.'],
  },
}

/**
 * Returns help for a terminal of this width.
 * @param {import('./arguments').Command | undefined} command
 * @param {number} columns
 */
function help(command, columns) {
  const width = Math.max(NARROWEST, Math.min(columns, WIDEST))
  const page = command === undefined ? MAIN : OF_COMMAND[command]
  const lists = [
    ...(command === undefined ? [['Commands:', ...list(COMMANDS, width)]] : []),
    ...(page.options === undefined
      ? []
      : [
          [
            ...(command === undefined ? ['Options of all commands:'] : []),
            ...list(page.options, width),
          ],
        ]),
  ]
  const blocks = [
    wrapped(`Usage: ${page.usage}`, width, 7),
    // A line of a shell is copied as it is.
    ...page.about.map((text) => (text.startsWith(' ') ? [text] : wrapped(text, width, 0))),
    ...lists,
    ...(page.notes ?? []).map((text) => wrapped(text, width, 0)),
  ]
  return blocks.map((lines) => lines.join('\n')).join('\n\n')
}

/**
 * Returns a list of names with their meanings beside them, or below them in a narrow terminal.
 * @param {[string, string][]} entries
 * @param {number} width
 */
function list(entries, width) {
  const shown = entries.map(([name, meaning]) => [aligned(name), meaning])
  const indent = Math.max(...shown.map(([name]) => name.length)) + 5
  return shown.flatMap(([name, meaning]) => {
    if (2 * indent > width) return [`  ${name}`, ...wrapped(`      ${meaning}`, width, 6)]
    return wrapped(`  ${name}`.padEnd(indent) + meaning, width, indent)
  })
}

/** Leaves room for a short form, so that all long forms are in one column. @param {string} name */
function aligned(name) {
  return name.startsWith('--') ? `    ${name}` : name
}

module.exports = { help }
