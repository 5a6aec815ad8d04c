// Programs on machines that are made for them: a PID namespace of their own, and a /proc as some
// hosts have it.

import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { until } from './until.mjs'

/** @typedef {{ proc?: string, as?: string[], node?: string, isFirst?: boolean }} Space */

const program = fileURLToPath(new URL('../fixtures/scan-program.mjs', import.meta.url))
/** No measurement, only an end to waiting. */
const timeout = 120_000

/** What a shell does before the program, by what the program sees then. */
export const PROC = {
  plain: 'mount -t proc proc /proc',
  /** systemd's ProcSubset=pid: processes and nothing else. */
  subset: 'mount -t proc -o subset=pid proc /proc',
  /**
   * lxcfs, in LXC, LXD and Proxmox: the container has run for less time than any of its processes.
   */
  lxcfs:
    'mount -t proc proc /proc && mount -t tmpfs tmpfs /mnt && echo 0.10 0.10 > /mnt/uptime && mount --bind /mnt/uptime /proc/uptime',
  hidden: 'mount -t proc -o hidepid=2 proc /proc',
  forbidden: 'mount -t proc -o hidepid=1 proc /proc',
}

/** Runs as an ordinary user. */
export const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
/** Runs as root, who may not signal other users. */
export const WITHOUT_KILL = ['setpriv', '--inh-caps=-kill', '--bounding-set=-kill']

/**
 * What a program of scan-program.mjs tells, run in a space of its own; `undefined` where there can
 * be none, and the test is skipped with the reason.
 * @param {import('node:test').TestContext} t
 * @param {Space} space
 * @param {string} name
 * @param {Record<string, string>} [env]
 * @returns {Promise<any>}
 */
export async function told(t, space, name, env = {}) {
  const command = commandOf(t, space, name)
  if (command === undefined) return undefined
  const { error, stdout, stderr } = await new Promise((resolve) => {
    const options = /** @type {const} */ ({
      env: { ...process.env, ...env },
      timeout,
      killSignal: 'SIGKILL',
    })
    execFile(command[0], command.slice(1), options, (error, stdout, stderr) => {
      resolve({ error, stdout, stderr })
    })
  })
  assert.equal(error, null, `${stdout}\n${stderr}`)
  return JSON.parse(stdout)
}

/**
 * The same for a program that is the first process of its space; `enter` starts a command in there
 * from outside, as `docker exec` does, before the program goes on.
 * @param {import('node:test').TestContext} t
 * @param {string} name
 * @param {(enter: (...command: string[]) => void) => void} act
 */
export async function toldByFirst(t, name, act) {
  const command = commandOf(t, { isFirst: true }, name)
  if (command === undefined) return undefined
  const started = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => started.kill('SIGKILL'))
  let output = ''
  started.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  await until(() => output.startsWith('ready\n'))
  const [first] = readFileSync(`/proc/${started.pid}/task/${started.pid}/children`, 'utf8').split(
    ' ',
  )
  const user = command.includes('--user') ? ['--user'] : []
  act((...entered) => {
    const args = [`--target=${first}`, ...user, '--pid', '--mount', ...entered]
    const { status } = spawnSync('nsenter', args, { stdio: 'ignore' })
    assert.equal(status, 0)
  })
  started.stdin.end('go on\n')
  const [code] = await new Promise((resolve) => started.on('close', (...end) => resolve(end)))
  assert.equal(code, 0, output)
  return JSON.parse(output.slice('ready\n'.length))
}

/** @param {import('node:test').TestContext} t @param {Space} space @param {string} name */
function commandOf(
  t,
  { proc = PROC.plain, as = [], node = process.execPath, isFirst = false },
  name,
) {
  const shell = isFirst ? `${proc} && exec "$@"` : `${proc} && "$@"; exit $?`
  const users = as.length > 0 ? [[]] : [[], ['--user', '--map-root-user']]
  const ways = users.map((user) => {
    return [
      'unshare',
      ...user,
      '--pid',
      '--fork',
      '--mount',
      '--kill-child',
      'sh',
      '-c',
      shell,
      'sh',
      ...as,
    ]
  })
  const trial = [node, '-e', `require('fs').readFileSync(${JSON.stringify(program)})`]
  const way = ways.find(
    ([command, ...args]) => spawnSync(command, [...args, ...trial]).status === 0,
  )
  if (way === undefined)
    t.skip('this machine cannot make such a space, or that user cannot read this package there')
  return way && [...way, node, program, name]
}
