'use strict'

const MAIN = `Usage: procward <command> [options]

Shows and cleans up the child processes of Node.js servers that use procward.

Commands:
  status     the state of a running server
  ps         the processes that were started through procward
  run        runs a command, and leaves no process of it behind
  kill       ends the process tree that a process belongs to
  clean      shows the orphans of dead servers; with --yes, terminates them
  top        status and processes, repeatedly
  doctor     checks procward on this machine and its configuration
  metrics    the metrics of a running server, in Prometheus text format
  fleet      the processes, holders and waiters of a fleet that shares its limits
  register   prints the option for NODE_OPTIONS that guards all children of a Node.js program

Options of all commands:
      --json       for programs: one JSON document on stdout (top: one a line)
  -q, --quiet      nothing but --json's document, and errors
  -h, --help       help, also for one command
      --version    the version

Exit codes: 0 fine, 1 a problem was found, 2 wrong usage, 3 the server cannot be reached,
130 interrupted.`

const SERVER = `      --url URL        the server's health routes; default $PROCWARD_URL, or
                       http://127.0.0.1:3002/api/health
      --token TOKEN    the server's token; better in $PROCWARD_TOKEN, because other users can
                       see arguments`

/** @type {Record<import('./arguments').Command, string>} */
const OF_COMMAND = {
  status: `Usage: procward status [options]

Shows the state of a running server: its readiness, limit, queue, calls, sessions, cleanup and
alerts. Exits with 1 if the server is not ready or has an alert, with 3 if it cannot be reached.

${SERVER}`,
  ps: `Usage: procward ps [options]

Lists the processes on this machine that were started through procward, and their servers. A
running server adds the purpose of each process. With --url, lists the processes of that server
alone. Works without a server. Exits with 1 if there are orphans among the listed processes.

      --all            every Node.js process, with the reason why it is or is not ours
${SERVER}

OWNER is the pid of the server that started the process.
States: orphan (of a dead server), owned (of a running server), server, guard (kills a tree with
its server), unknown (cannot be decided yet, or from here), foreign. Command lines are shown for
your own processes only, without values.`,
  run: `Usage: procward run [options] [--] COMMAND [ARGUMENT...]

Runs a command with this terminal and these standard streams. Signals are passed on to the command.
When the command ends, or this process in any way, the rest of the command's processes are ended.

      --timeout TIME   ends all processes of the command after this time: 500ms, 60s, 1.5m, 2h or 1d;
                       a number alone means seconds; default: no limit
      --grace MS       ms between SIGTERM and SIGKILL at the timeout, and for processes that the
                       command leaves behind; default 2000

Exits with the exit code of the command, or with 128 and the number of the signal that ended it.
Other exit codes: 124 timed out, 126 the command cannot be executed, 127 there is no such command.`,
  kill: `Usage: procward kill PID [options]

Ends the process tree that process PID belongs to: SIGTERM to each process of the tree, and SIGKILL
after the grace period. The tree must have been started through procward, by a running or a dead
server. Any other process is refused, and nothing is ended. Exits with 1 after a refusal, or if some
processes could not be ended.

      --grace MS       ms between SIGTERM and SIGKILL; default 2000`,
  clean: `Usage: procward clean [options]

Shows the orphans of dead servers, and nothing else: no other Node.js process, and no process of a
running server. Exits with 1 if there are orphans (with --yes, if some could not be terminated).

      --yes            terminates them: SIGTERM, and SIGKILL 2 s later`,
  top: `Usage: procward top [options]

Shows status and processes repeatedly, with --url the processes of that server alone. q or Ctrl+C
quits. Without a terminal, writes one block after the other.

      --interval N     seconds between two rounds; default 2
      --count N        number of rounds; default: no limit
${SERVER}`,
  doctor: `Usage: procward doctor [options]

Checks Node.js, the native addon, the guarantees for process trees, control groups and memory
limits, the environment, mcporter and its configuration, and orphans of dead servers. Exits with 1
if a check fails.

${SERVER}
                       (a server is checked only if --url or PROCWARD_URL names it)`,
  metrics: `Usage: procward metrics [options]

Prints the metrics of a running server in Prometheus text format; with --json, as a list of
samples.

${SERVER}`,
  fleet: `Usage: procward fleet [options]

Lists the processes of a fleet with a lease, the calls that hold slots, the calls that wait, and
the paused servers. Changes nothing. $MCP_LIMIT_URL has the address of the fleet's Redis, which is
shown without user, password and query. Exits with 3 if Redis cannot be reached.`,
  register: `Usage: procward register [options]

Prints the option that guards every child process of a Node.js program, with an absolute path:

  NODE_OPTIONS="$(npx procward register)" node server.js`,
}

/** @param {import('./arguments').Command} [command] */
function help(command) {
  return command === undefined ? MAIN : OF_COMMAND[command]
}

module.exports = { help }
