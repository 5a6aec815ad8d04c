// Makes the hosts that people really have; looks what is done there, what is left, and whether any
// stranger is hit.
//
// Writes the table of docs/guarantees.md. Needs root, or user namespaces, and runs in a PID
// namespace of its own; a host that cannot be made here is skipped, with the reason. `node
// scripts/long/hosts.mjs [HOST]` for one alone writes nothing.

import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { cannotMake, hosts, LASTS } from '../../faults/support/hosts.mjs'
import { namespace } from '../../faults/support/namespace.mjs'
import {
  below,
  dispose,
  facts,
  living,
  signal,
  since,
  until,
} from '../../faults/support/processes.mjs'
import { Server } from '../../faults/support/server.mjs'
import { trees } from '../../faults/support/trees.mjs'
import { replaceSection, tableOf } from '../docs/table.mjs'
import { root } from '../steps.mjs'

const INSIDE = 'PROCWARD_HOSTS_INSIDE'
const DOCUMENT = join(root, 'docs', 'guarantees.md')
const STRANGERS = 600
const CALLS = 12
const TREES = 5
/** In the arguments of each member of a tree, and of its warden. */
const MEMBER = '100000'
const STRANGER = { command: 'sleep', args: ['100001'], count: STRANGERS }
/**
 * How long processes may take to be gone, in ms: they were killed, or the next start is patient
 * first.
 */
const LIMIT = 20_000
/**
 * Hosts with a PID namespace of their own, that a restarted server enters again: with their mounts,
 * or without.
 */
const NAMESPACES = {
  'foreign /proc': ['--pid'],
  'nested user namespaces': ['--user', '--pid', '--mount'],
}

const only = process.argv[2]
const names = Object.keys(hosts).filter((name) => only === undefined || name === only)
if (namespace.missing) {
  console.log(`skipped: ${namespace.missing}\n0 passed, 0 failed, ${names.length} skipped`)
} else if (process.env[INSIDE] === undefined) {
  const [command, ...args] = [
    ...namespace.way,
    process.execPath,
    fileURLToPath(import.meta.url),
    ...process.argv.slice(2),
  ]
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: '1', [LASTS]: '1' },
  })
  process.exitCode = status ?? 1
} else {
  await all()
  process.exit()
}

async function all() {
  const count = { passed: 0, failed: 0, skipped: 0 }
  const rows = []
  await otherLife()
  for (const name of names) {
    console.log(`\n# ${name}`)
    const reason = withoutLasting(() => cannotMake(hosts[name]))
    if (reason !== undefined) {
      console.log(`  skip ${reason}`)
      count.skipped++
      rows.push([name, `not made: ${reason}`, '', '', '', ''])
      continue
    }
    const { row, checks } = await examine(name)
    rows.push(row)
    for (const [text, holds] of checks) {
      console.log(`  ${holds ? 'ok  ' : 'FAIL'} ${text}`)
      count[holds ? 'passed' : 'failed']++
    }
  }
  if (only === undefined) writeTable(rows)
  if (count.failed > 0) process.exitCode = 1
  console.log(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
}

/** @param {() => string | undefined} act */
function withoutLasting(act) {
  delete process.env[LASTS]
  try {
    return act()
  } finally {
    process.env[LASTS] = '1'
  }
}

/**
 * Long-lived parents with low numbers, whose children came later: with these a foreign `/proc`
 * answers for the numbers of processes inside.
 */
async function otherLife() {
  const script = 'sleep 1; for i in 1 2 3 4 5 6; do sleep 100002 & done; wait'
  for (let at = 0; at < 60; at++) spawn('sh', ['-c', script], { stdio: 'ignore' })
  await until(() => withArgument('100002').length >= 360)
}

/** @param {string} name */
async function examine(name) {
  const before = living()
  const server = new Server({ within: hosts[name], quiet: true })
  const { mechanism, level, missing } = await server.ask('guarantees')
  const { command, args } = trees.hostile
  const options = { timeout: 4000, killGrace: 100 }
  const calls = server.ask('timeouts', { command, args, count: CALLS, options })
  await sleep(500)
  await server.ask('strangers', STRANGER)
  const codes = await calls
  await sleep(300)
  const afterCalls = withArgument(MEMBER).length
  await dispose(withArgument(MEMBER))
  const strangers = () => withArgument(STRANGER.args[0]).length
  const hitByCalls = STRANGERS - strangers()

  const killed = await killServer(server, trees.hostile)
  const withPid1 = killed.pid1
  // The kernel ends what is left in the namespace of a first process.
  const hit = withPid1 ? hitByCalls : STRANGERS - strangers()
  const restarted = await killWithWardens(reentry(name, since(before)))
  const hitInTheEnd = withPid1 ? hit : STRANGERS - strangers()
  await dispose(since(before))

  const seesProcesses = !missing.some(({ code }) => code === 'proc' || code === 'own_proc')
  const isHeld = mechanism === 'warden'
  const settled = codes.filter((code) => code === 'ERR_CALL_TIMEOUT').length
  return {
    row: [
      name,
      [level, ...missing.map(({ code }) => `\`${code}\``)].join(', '),
      `${settled} of ${CALLS} settled, ${afterCalls} left`,
      `${killed.left} of ${TREES * trees.hostile.size}${withPid1 ? ', by the kernel' : ''}`,
      withPid1 ? 'by the kernel' : `${restarted.left} of ${restarted.before}`,
      `${hitInTheEnd} of ${STRANGERS}`,
    ],
    checks: /** @type {[string, boolean][]} */ ([
      [
        `guarantee: ${mechanism}, ${level}, missing: ${missing.map(({ code }) => code).join(' ') || 'nothing'}`,
        true,
      ],
      [
        `calls that timed out: ${settled}/${CALLS} settled, ${afterCalls} processes left`,
        // Without wardens a process escapes that has left group and parents, and has a cleared
        // environment: one a call.
        settled === CALLS && afterCalls <= (isHeld ? 0 : CALLS),
      ],
      [`SIGKILL of the server: ${killed.left} left`, killed.left === 0 || !isHeld],
      [
        `SIGKILL of server and wardens, then a start: ${restarted.left} of ${restarted.before} left`,
        restarted.left === 0 || !seesProcesses,
      ],
      [`strangers hit: ${hitInTheEnd}/${STRANGERS}`, hitInTheEnd === 0],
    ]),
  }
}

/** The server's own process: it may be below others that made its host. @param {Server} server */
function processOf(server) {
  const all = living()
  const candidates = [...all.filter(({ pid }) => pid === server.pid), ...below(all, [server.pid])]
  const found = candidates.find(
    ({ pid }) => facts(pid, 'cmdline').startsWith(`${process.execPath}\0`) && isServer(pid),
  )
  if (found === undefined) throw new Error('the server cannot be found')
  return found.pid
}

/** @param {number} pid */
function isServer(pid) {
  return (
    facts(pid, 'cmdline').includes('fixtures/server.cjs') &&
    !facts(pid, 'cmdline').includes('unshare')
  )
}

/** @param {Server} server @param {import('../../faults/support/trees.mjs').Tree} tree */
async function startTrees(server, tree) {
  await server.ask('trees', { ...tree, count: TREES })
  const expected = TREES * tree.size
  if (!(await until(() => members().length >= expected)))
    throw new Error(`only ${members().length} of ${expected} started`)
}

/** @param {Server} server @param {import('../../faults/support/trees.mjs').Tree} tree */
async function killServer(server, tree) {
  await startTrees(server, tree)
  const pid = processOf(server)
  const pid1 = isFirst(pid)
  signal(pid, 'SIGKILL')
  await until(() => members().length === 0, 5000)
  return { left: members().length, pid1 }
}

/**
 * Wardens are stopped first, so that they see nothing of the server's death.
 * @param {string[]} within
 */
async function killWithWardens(within) {
  await dispose(withArgument(MEMBER))
  const server = new Server({ within, quiet: true })
  await server.ask('ready')
  await startTrees(server, trees.tagged)
  const pid = processOf(server)
  const wardens = withArgument(MEMBER).filter((process) => isWarden(process.pid))
  signal(pid, 'SIGSTOP')
  for (const warden of wardens) signal(warden.pid, 'SIGKILL')
  signal(pid, 'SIGKILL')
  await sleep(500)
  const before = members().length
  const next = new Server({ within, quiet: true })
  await next.ask('startCleanup', { interval: 1000, maxAge: 3_600_000 })
  await until(() => members().length === 0, before === 0 ? 0 : LIMIT)
  return { before, left: members().length }
}

/**
 * How a restarted server gets into the host again.
 * @param {string} name
 * @param {import('../../faults/support/processes.mjs').Process[]} started
 */
function reentry(name, started) {
  const flags = NAMESPACES[/** @type {keyof typeof NAMESPACES} */ (name)]
  if (flags === undefined) return hosts[name]
  const init = started.find(({ pid }) => facts(pid, 'cmdline').startsWith('sh\0') && isFirst(pid))
  return ['nsenter', '--target', String(init?.pid), ...flags]
}

/** Whether it is the first process of its PID namespace. @param {number} pid */
function isFirst(pid) {
  return /^NSpid:.*\t1$/m.test(facts(pid, 'status'))
}

/** Members of trees that run, without their wardens. */
function members() {
  return withArgument(MEMBER).filter(({ pid }) => !isWarden(pid))
}

/** @param {number} pid */
function isWarden(pid) {
  return facts(pid, 'cmdline').startsWith('procward-warden\0')
}

/** @param {string} text */
function withArgument(text) {
  return living().filter(({ pid }) =>
    facts(pid, 'cmdline')
      .split('\0')
      .some((argument) => argument.includes(text)),
  )
}

/** @param {string[][]} rows */
function writeTable(rows) {
  const head = [
    'host',
    'guarantee, what is missing',
    'calls that timed out',
    'left after SIGKILL of the server',
    '... of server and wardens, and a start',
    'strangers hit',
  ]
  const text = readFileSync(DOCUMENT, 'utf8')
  writeFileSync(DOCUMENT, replaceSection(text, 'hosts', tableOf(head, rows)))
}
