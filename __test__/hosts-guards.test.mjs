// Guards that cannot be fooled: wardens that are stopped, processes that only call themselves one,
// servers whose addon has another name, and a server that is the first process of its container.

import assert from 'node:assert/strict'
import { spawn as plainSpawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CleanupScanner } from '../index.js'
import { answerIn, serverIn, withArgument } from './support/in-host.mjs'
import { isolated } from './support/isolated.mjs'
import { isAlive, kill } from './support/processes.mjs'
import { BECAUSE, reasons } from './support/scans.mjs'
import { until } from './support/until.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/**
 * A server with a tree, of which one member has neither its tag nor its session.
 * @param {string} stop what is done to the warden
 */
const withStopped = (stop) => `
  import { spawn } from 'procward'
  const script = '(setsid env -i sleep 161803 &) ; ${stop} echo up; sleep 161803'
  const child = spawn('sh', ['-c', script])
  child.on('line', (line) => console.log(line))
  child.exited.catch(() => {})
`

isolated(
  import.meta.url,
  () => {
    describe('a warden that its own command has stopped', () => {
      test('continues when the server dies, and kills its tree', async (t) => {
        const server = await serverIn(t, 'plain', withStopped('kill -STOP $PPID;'))
        await until(() => withArgument('161803').length === 2)
        server?.kill()
        await until(() => withArgument('161803').length === 0)
        await until(() => withArgument('procward-warden').length === 0)
      })

      test('again and again is killed with its tree by the next start', async (t) => {
        const server = await serverIn(
          t,
          'plain',
          withStopped('(while kill -STOP $PPID; do :; done) &'),
        )
        await until(() => withArgument('161803').length >= 2)
        server?.kill()
        const scanner = new CleanupScanner({ interval: 500 })
        scanner.start()
        t.after(() => scanner.stop())
        await until(
          () => withArgument('161803').length + withArgument('procward-warden').length === 0,
        )
      })
    })

    test('an orphan that only calls itself a warden is terminated', async (t) => {
      // Without a warden they outlive their server.
      const fakes = `
        import { spawn } from 'procward'
        process.env.PROCWARD_WARDEN = 'off'
        const script = 'exec -a procward-warden sleep 141421'
        spawn('bash', ['-c', script + ' & ' + script]).exited.catch(() => {})
        console.log('up')
      `
      const server = await serverIn(t, 'plain', fakes)
      const left = await until(() => withArgument('141421').length === 2 && withArgument('141421'))
      t.after(() => left.forEach(kill))
      server?.kill()
      const scanner = new CleanupScanner({ scope: 'tracked' })
      await until(async () => {
        await scanner.cleanupAll()
        return !left.some(isAlive)
      })
    })

    test('an addon with another file name still identifies a server with procward', async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'procward-renamed-'))
      t.after(() => rmSync(folder, { recursive: true }))
      const addon = readdirSync(ROOT).find((name) => /^procward\..*\.node$/.test(name)) ?? 'none'
      copyFileSync(join(ROOT, addon), join(folder, 'bundled-7f3a.node'))
      const program = `require('procward'); setInterval(() => {}, 1000); console.log('up')`
      const env = { ...process.env, NAPI_RS_NATIVE_LIBRARY_PATH: join(folder, 'bundled-7f3a.node') }
      const stdio = /** @type {const} */ (['ignore', 'pipe', 'inherit'])
      const host = plainSpawn(process.execPath, ['-e', program], { cwd: ROOT, env, stdio })
      t.after(() => host.kill('SIGKILL'))
      await new Promise((resolve) => host.stdout.once('data', resolve))
      const pids = { host: Number(host.pid) }
      const report = await new CleanupScanner({ scope: 'tree', maxAge: 1 }).cleanupAll({
        dryRun: true,
      })
      assert.deepEqual(reasons(report, pids), { host: BECAUSE.host })
    })

    test('a server that is a single executable keeps its own children', async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'procward-single-'))
      t.after(() => rmSync(folder, { recursive: true }))
      const executable = join(folder, 'ad-server')
      copyFileSync(process.execPath, executable)
      const program = `
        require('procward')
        const node = [${JSON.stringify(process.execPath)}, ['-e', 'setInterval(() => {}, 1000)']]
        console.log(require('node:child_process').spawn(...node, { stdio: 'ignore' }).pid)
      `
      const host = plainSpawn(executable, ['-e', program], {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      t.after(() => host.kill('SIGKILL'))
      const plain = Number(await new Promise((resolve) => host.stdout.once('data', resolve)))
      t.after(() => kill(plain))
      const report = await new CleanupScanner({ scope: 'tree', maxAge: 1 }).cleanupAll({
        dryRun: true,
      })
      assert.deepEqual(reasons(report, { plain }), { plain: BECAUSE.otherServer })
    })

    test('processes of a detached call are reaped if the server is pid 1', async (t) => {
      const program = `
        import { readFileSync } from 'node:fs'
        import { setTimeout as sleep } from 'node:timers/promises'
        import { run } from 'procward'
        const children = () => readFileSync('/proc/1/task/1/children', 'utf8').split(' ').filter(Boolean)
        const states = () => children().map((pid) => /State:\\s+(\\w)/.exec(readFileSync('/proc/' + pid + '/status', 'utf8'))[1])
        const { stdout } = await run('sh', ['-c', '(setsid sleep 0.5 &) ; sleep 0.5 & echo left'], { detached: true })
        const meanwhile = states()
        while (children().length > 0 && !states().includes('Z')) await sleep(20)
        console.log(JSON.stringify([process.pid, stdout, meanwhile.includes('Z'), states()]))
      `
      const answer = await answerIn(t, 'server as pid 1', program)
      if (answer !== undefined) assert.deepEqual(answer, [1, 'left\n', false, []])
    })
  },
  { only: true },
)
