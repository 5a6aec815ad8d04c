'use strict'

// Reads the memory and the processor time of processes, and the command lines of the user's own.
// The scanner tells none of these, because a server needs none.

const { execFile } = require('node:child_process')
const fs = require('node:fs/promises')
const { commandLine } = require('./redact')

/**
 * @typedef {{ cpu: number | null, memory: number | null, command: string | null }} Details
 *   cpu is ms of processor time, memory is resident bytes, the command is redacted
 */

/** @type {Details} */
const NOTHING = { cpu: null, memory: null, command: null }
/** The ms of a tick in `/proc`, which is 1/100 s on all machines that Node.js runs on. */
const TICK = 10

/** @param {number[]} pids @returns {Promise<(pid: number) => Details>} */
async function detailsOf(pids) {
  const found = new Map(await read(pids))
  return (pid) => found.get(pid) ?? NOTHING
}

/** @param {number[]} pids @returns {Promise<Iterable<[number, Details]>>} */
async function read(pids) {
  if (process.platform === 'linux')
    return (await isOwnProc()) ? Promise.all(pids.map(fromProc)) : []
  // Windows shows these facts only through external programs, which are not run.
  return process.platform === 'win32' || pids.length === 0 ? [] : fromPs(pids)
}

/** In the `/proc` of another PID namespace a pid means another process. */
async function isOwnProc() {
  return (await fs.readlink('/proc/self').catch(() => '')) === String(process.pid)
}

/** @param {number} pid @returns {Promise<[number, Details]>} */
async function fromProc(pid) {
  try {
    const status = await fs.readFile(`/proc/${pid}/status`, 'latin1')
    const [, user] = /^Uid:\s*(\d+)/m.exec(status) ?? []
    const [, kilobytes] = /^VmRSS:\s*(\d+) kB/m.exec(status) ?? []
    const isOwn = Number(user) === process.getuid?.()
    // Setting `process.title` overwrites the arguments in place; the unused rest reads as NULs.
    const argv = isOwn
      ? (await fs.readFile(`/proc/${pid}/cmdline`, 'utf8')).replace(/\0+$/, '').split('\0')
      : undefined
    const cpu = cpuTime(await fs.readFile(`/proc/${pid}/stat`, 'latin1'))
    const memory = kilobytes === undefined ? null : Number(kilobytes) * 1024
    return [pid, { cpu, memory, command: shown(argv) }]
  } catch {
    // It is gone, or hidden from this user.
    return [pid, NOTHING]
  }
}

/** User and system time, after a name that may contain anything. @param {string} stat */
function cpuTime(stat) {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK
}

/**
 * POSIX's own way, which loses where one argument ends and the next begins.
 * @param {number[]} pids
 * @returns {Promise<[number, Details][]>}
 */
async function fromPs(pids) {
  const args = [
    '-ww',
    '-o',
    'pid=',
    '-o',
    'uid=',
    '-o',
    'rss=',
    '-o',
    'time=',
    '-o',
    'args=',
    '-p',
    pids.join(','),
  ]
  /** @type {string} */
  const text = await new Promise((resolve) => {
    // It fails when one of them is gone, and tells of the others all the same.
    execFile('ps', args, { maxBuffer: 2 ** 26 }, (_error, stdout) => resolve(stdout))
  })
  return [...text.matchAll(/^ *(\d+) +(\d+) +(\d+) +([\d:.-]+) (.*)$/gm)].map(
    ([, pid, user, kilobytes, time, args]) => {
      const isOwn = Number(user) === process.getuid?.()
      return [
        Number(pid),
        {
          cpu: milliseconds(time),
          memory: Number(kilobytes) * 1024,
          command: shown(isOwn ? [args] : undefined),
        },
      ]
    },
  )
}

/** Parses `[[days-]hours:]minutes:seconds`. @param {string} time */
function milliseconds(time) {
  const [clock, days = '0'] = time.split('-').reverse()
  const seconds = clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  return Math.round((Number(days) * 86_400 + seconds) * 1000)
}

/** @param {string[] | undefined} argv */
function shown(argv) {
  return argv === undefined || argv[0] === '' ? null : commandLine(argv)
}

module.exports = { detailsOf, fromPs }
