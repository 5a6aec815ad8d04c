// What `getGuarantees()` and the doctor say is what is found out, on hosts that lack something.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerIn } from './support/in-host.mjs'
import { isolated } from './support/isolated.mjs'

/** Asked before anything was started, and after a call. */
const ASK = `
  import { getGuarantees, run } from 'procward'
  const before = getGuarantees()
  const { stdout } = await run('echo', ['hello'])
  // A folder on PATH that this user may not search would make it EACCES, as in Node.js.
  const env = { PATH: '/usr/bin:/bin' }
  const missing = await run('no-such-program', { env }).catch(({ code, cause }) => [code, cause.code])
  const { mechanism, level } = getGuarantees()
  const lacks = before.missing.map(({ code, message }) => code + (/\\((E[A-Z]+)\\)$/.exec(message)?.[1] ?? ''))
  console.log(JSON.stringify([mechanism, level, lacks, stdout, missing, before.level === level]))
`

/**
 * @type {[keyof typeof import('../faults/support/hosts.mjs').hosts, string, string, string[]][]}
 */
const FOUND = [
  ['plain', 'warden', 'complete', []],
  ['foreign /proc', 'warden', 'best-effort', ['own_proc']],
  ['no /proc', 'warden', 'best-effort', ['proc']],
  ['uptime of a container (lxcfs)', 'warden', 'complete', []],
  ['ProcSubset=pid', 'warden', 'complete', []],
  ['hidepid=1, as nobody', 'warden', 'complete', ['other_users']],
  ['hidepid=2, as nobody', 'warden', 'complete', ['other_users']],
  ['no pidfd (ENOSYS)', 'warden', 'best-effort', ['pidfd']],
  ['no pidfd (EPERM)', 'warden', 'best-effort', ['pidfd']],
  ['server as pid 1', 'warden', 'complete', []],
  ['nested user namespaces', 'warden', 'complete', []],
  ['noexec temporary folders, no memfd', 'warden', 'complete', []],
  ['the same, read-only', 'process-group', 'best-effort', ['wardenEACCES']],
]

isolated(
  import.meta.url,
  () => {
    for (const [host, mechanism, level, missing] of FOUND) {
      test(`host: ${host}`, async (t) => {
        const answer = await answerIn(t, host, ASK)
        if (answer === undefined) return
        assert.deepEqual(answer, [
          mechanism,
          level,
          missing,
          'hello\n',
          ['ERR_SPAWN', 'ENOENT'],
          true,
        ])
      })
    }
  },
  { only: true },
)
