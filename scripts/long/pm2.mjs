// Runs a registered app under PM2, in fork and in cluster mode: the app starts, restarts, reloads
// and stops, and its children end with it. Each answer of its health routes names its process. PM2
// has a home of its own, and runs in a PID namespace where one can be made. The addon has to be
// built.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../steps.mjs'
import { checkInstances } from './pm2/instances.mjs'
import { ended, Session } from './pm2/session.mjs'
import { Checks, Skip } from './support/checks.mjs'
import { npmPackages } from './support/install.mjs'

const PACKAGES = { pm2: '7.0.4' }
/** The modes of PM2: the number of processes, and the options for them. */
const MODES = { fork: { size: 1, options: [] }, cluster: { size: 2, options: ['-i', '2'] } }
const FLAG = `--node-args=--require ${join(root, 'lib', 'register.js')}`
const APP = fileURLToPath(new URL('pm2/app.cjs', import.meta.url))
const INSIDE = '--inside'

if (!process.argv.includes(INSIDE)) runInside()
const checks = new Checks()
const place = (await checks.check('packages', () => packages())) ?? false
for (const [mode, { size, options }] of Object.entries(MODES))
  await checks.check(mode, (at) => checkLife(at, size, options), place)
checks.finish()

/** Runs this program in a namespace, and ends with its exit code. Returns if there is none here. */
function runInside() {
  const namespace = ['--pid', '--fork', '--mount-proc']
  if (spawnSync('unshare', [...namespace, 'true']).status !== 0) return
  const args = [...namespace, process.execPath, fileURLToPath(import.meta.url), INSIDE]
  process.exit(spawnSync('unshare', args, { stdio: 'inherit' }).status ?? 1)
}

function packages() {
  if (process.platform !== 'linux') throw new Skip('children are guarded on Linux')
  return npmPackages('pm2', PACKAGES)
}

/**
 * Checks an app from its start to its end.
 * @param {string} place - the folder of the packages
 * @param {number} size
 * @param {string[]} options
 */
async function checkLife(place, size, options) {
  const session = new Session(place)
  try {
    await session.pm2('start', APP, '--name=app', FLAG, ...options)
    let running = await session.next(size)
    await checkInstances(running)
    for (const command of ['restart', 'reload']) {
      await session.pm2(command, 'app')
      const fresh = await session.next(size)
      await ended(running)
      running = fresh
    }
    const [killed, ...others] = running
    process.kill(killed.app, 'SIGKILL')
    running = [...others, ...(await session.next(1))]
    await ended([killed])
    await checkInstances(running)
    await session.pm2('stop', 'app')
    await ended(running)
    await session.pm2('start', 'app')
    running = await session.next(size)
    await session.pm2('delete', 'app')
    await ended(running)
  } finally {
    await session.end()
  }
  return 'started, restarted, reloaded, killed, stopped and deleted'
}
