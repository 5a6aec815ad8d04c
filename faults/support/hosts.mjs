// The hosts that people really have, made here: each is a command to be put before another one.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PID_NAMESPACE = ['unshare', '--pid', '--fork', '--kill-child']
/** Variable of a host that is to outlive its first command. */
export const LASTS = 'PROCWARD_HOST_LASTS'
/** Pid 1 waits for orphans, which a Node.js process there would not do. */
const INIT = [
  'sh',
  '-c',
  `"$@"; code=$?; while [ -n "$${LASTS}" ]; do sleep 1; done; exit $code`,
  'sh',
]
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']

/**
 * Installs a seccomp filter that answers some system calls with an error, and becomes the command.
 * Arguments: errno, numbers, command.
 */
const FILTER = `
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
errno, numbers, command = int(sys.argv[1]), [int(n) for n in sys.argv[2].split(',')], sys.argv[3:]
def instruction(code, yes, no, value): return struct.pack('HBBI', code, yes, no, value)
program = instruction(0x20, 0, 0, 0)
for at, number in enumerate(numbers): program += instruction(0x15, len(numbers) - at, 0, number)
program += instruction(0x06, 0, 0, 0x7fff0000) + instruction(0x06, 0, 0, 0x00050000 | errno)
buffer = ctypes.create_string_buffer(program)
filter = struct.pack('HxxxxxxP', len(program) // 8, ctypes.addressof(buffer))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.create_string_buffer(filter), 0, 0): sys.exit('no filter can be installed')
os.execvp(command[0], command)`

/** The numbers of system calls here. */
const CALLS = {
  pidfd_send_signal: 424,
  pidfd_open: 434,
  memfd_create: process.arch === 'arm64' ? 279 : 319,
  signalfd4: process.arch === 'arm64' ? 74 : 289,
}
const ERRORS = { EPERM: 1, ENOSYS: 38 }

/** @typedef {keyof typeof CALLS} Call */

/**
 * Answers these system calls with an error.
 * @param {keyof typeof ERRORS} error
 * @param {Call[]} calls
 */
export function without(error, ...calls) {
  const numbers = calls.map((call) => CALLS[call])
  return ['python3', '-c', FILTER, `${ERRORS[error]}`, `${numbers}`]
}

/** In a mount namespace of its own, after these commands of a shell. @param {string} mounts */
function mounted(mounts) {
  return ['unshare', '--mount', 'sh', '-c', `${mounts} && exec "$@"`, 'sh']
}

const noExecutableTemporaries = ['/tmp', '/dev/shm', '/var/tmp']
  .map((folder) => `mount -t tmpfs -o noexec,mode=1777 none ${folder}`)
  .join(' && ')
const readOnlyHere = `mount --bind "${ROOT}" "${ROOT}" && mount -o remount,bind,ro "${ROOT}"`
const user = ['--user', '--map-root-user', '--mount-proc']

/** By name. */
export const hosts = {
  plain: [],
  'foreign /proc': [...PID_NAMESPACE, ...INIT],
  // There may be more than one, each over the other.
  'no /proc': mounted('while umount -l /proc 2>/dev/null; do :; done'),
  'uptime of a container (lxcfs)': mounted(
    'f=$(mktemp) && echo 7.31 7.31 > $f && mount --bind $f /proc/uptime && rm $f',
  ),
  'ProcSubset=pid': mounted('mount -t proc -o subset=pid proc /proc'),
  'hidepid=1, as nobody': [...mounted('mount -t proc -o hidepid=1 proc /proc'), ...NOBODY],
  'hidepid=2, as nobody': [...mounted('mount -t proc -o hidepid=2 proc /proc'), ...NOBODY],
  'no pidfd (ENOSYS)': without('ENOSYS', 'pidfd_open', 'pidfd_send_signal'),
  'no pidfd (EPERM)': without('EPERM', 'pidfd_open', 'pidfd_send_signal'),
  'server as pid 1': [...PID_NAMESPACE, '--mount-proc'],
  'nested user namespaces': [...PID_NAMESPACE, ...user, ...PID_NAMESPACE, ...user, ...INIT],
  'noexec temporary folders, no memfd': [
    ...mounted(noExecutableTemporaries),
    ...without('EPERM', 'memfd_create'),
  ],
  'the same, read-only': [
    ...mounted(`${noExecutableTemporaries} && ${readOnlyHere}`),
    ...without('EPERM', 'memfd_create'),
  ],
}

/** Why this host cannot be made here, or `undefined`. @param {string[]} host */
export function cannotMake([command, ...args]) {
  if (command === undefined) return undefined
  const { status, error, stderr } = spawnSync(command, [...args, 'true'], { encoding: 'utf8' })
  if (status === 0) return undefined
  return (error?.message ?? stderr.trim().split('\n').at(-1)) || `${command} exits with ${status}`
}
