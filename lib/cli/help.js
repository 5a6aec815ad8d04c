'use strict'

const MAIN = `Usage: procward <command> [options]

Looks after the child processes of Node.js servers that use procward.

Commands:
  status     what a running server says about itself
  ps         the processes that were started through procward
  clean      shows what dead servers left behind; with --yes, ends it
  top        status and processes, again and again
  doctor     whether procward works on this machine, and as it is configured
  metrics    a running server's metrics, as Prometheus would read them

Options of all commands:
      --json       for programs: one JSON document on stdout (top: one a line)
  -q, --quiet      nothing but --json's document, and errors
  -h, --help       help, also for one command
      --version    the version

Exit codes: 0 fine, 1 a problem was found, 2 wrong usage, 3 the server cannot be asked, 130 interrupted.`

const SERVER = `      --url URL        the server's health routes; default $PROCWARD_URL, or http://127.0.0.1:3002/api/health
      --token TOKEN    for a server that wants one; better in $PROCWARD_TOKEN, where nobody sees it`

/** @type {Record<import('./arguments').Command, string>} */
const OF_COMMAND = {
  status: `Usage: procward status [options]

What a running server says: whether it takes calls, its limit and queue, its calls, sessions, cleanup and alerts.
Ends with 1 when the server is not ready or has an alert, with 3 when it cannot be asked.

${SERVER}`,
  ps: `Usage: procward ps [options]

The processes on this machine that were started through procward, and the servers that did. A running server tells what
they are for. Works without a server. Ends with 1 when there are orphans.

      --all            every Node.js process, with why it is or is not ours
${SERVER}

States: orphan (its server is gone), owned (of a running server), server, guard (ends a tree with its server),
unknown (cannot be told yet, or from here), foreign. Command lines are shown of your own processes only, without values.`,
  clean: `Usage: procward clean [options]

Shows the processes that dead servers left behind. Never anything else: no other Node.js process, nothing of a running
server. Ends with 1 when there are some (or, with --yes, when some could not be ended).

      --yes            ends them: SIGTERM, and SIGKILL 2 s later`,
  top: `Usage: procward top [options]

Status and processes, again and again; q or Ctrl+C ends it. Without a terminal it writes one block after the other.

      --interval N     seconds between two looks; default 2
      --count N        ends after so many looks
${SERVER}`,
  doctor: `Usage: procward doctor [options]

Checks Node.js, the native addon, what holds process trees together here, control groups and memory limits, the
environment, mcporter's configuration and mcporter itself, and what dead servers left behind. Ends with 1 when a check
fails.

${SERVER}
                       (a server is asked only where one of these says so)`,
  metrics: `Usage: procward metrics [options]

A running server's metrics in Prometheus text format; with --json, as a list of samples.

${SERVER}`,
}

/** @param {import('./arguments').Command} [command] */
function help(command) {
  return command === undefined ? MAIN : OF_COMMAND[command]
}

module.exports = { help }
