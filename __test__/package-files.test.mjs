// The files that are read at run time, also where a bundler has left them out.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { promisify } from 'node:util'
import 'procward'
import { packageFile } from '../lib/package-files.js'
import { root } from './support/declarations.mjs'

const folder = mkdtempSync(join(tmpdir(), 'procward-files-'))
after(() => rmSync(folder, { recursive: true, force: true }))

describe('a file', () => {
  test('of the package is in lib', () => {
    const file = packageFile('dashboard/index.html')
    assert.equal(file, join(root, 'lib', 'dashboard', 'index.html'))
  })

  test('of a bundle is in the folder procward beside the bundle', () => {
    const bundle = join(folder, 'bundle')
    mkdirSync(join(bundle, 'procward', 'mcporter'), { recursive: true })
    const file = join(bundle, 'procward', 'mcporter', 'launcher.mjs')
    writeFileSync(file, '')
    assert.equal(packageFile('mcporter/launcher.mjs', bundle), file)
  })

  test('that a bundle lacks is named with the folder to copy it to', () => {
    assert.throws(() => packageFile('dashboard/app.js', folder), {
      code: 'ERR_PACKAGE_FILE',
      message:
        "procward's file dashboard/app.js is missing: copy node_modules/procward/lib/dashboard/app.js " +
        'to procward/dashboard/app.js beside the bundle, or keep procward out of the bundle ' +
        '(docs/bundlers.md)',
    })
  })
})

test('the routes of a dashboard without its files answer 501 with the reason, the others work', async () => {
  const app = join(folder, 'app')
  const own = join(app, 'node_modules', 'procward')
  mkdirSync(own, { recursive: true })
  for (const name of ['package.json', 'index.js', 'binding.js'])
    cpSync(join(root, name), join(own, name))
  const isKept = (source) => !source.startsWith(join(root, 'lib', 'dashboard'))
  cpSync(join(root, 'lib'), join(own, 'lib'), { recursive: true, filter: isKept })
  const addon = Object.keys(createRequire(import.meta.url).cache).find((name) =>
    name.endsWith('.node'),
  )
  const program = `
    const { createServer } = require('node:http')
    const { healthRouter } = require('procward/health')
    const open = createServer(healthRouter()).listen(0, '127.0.0.1', async () => {
      const locked = createServer(healthRouter({ token: 'x' })).listen(0, '127.0.0.1', async () => {
        const paths = ['', 'dashboard', 'dashboard/app.js']
        for (const [server, path] of [...paths.map((path) => [open, path]), [locked, paths[1]]]) {
          const { port } = server.address()
          const answer = await fetch('http://127.0.0.1:' + port + '/' + path)
          const { error } = await answer.json()
          console.log(path, answer.status, error?.code, error?.message)
        }
        process.exit()
      })
    })`
  writeFileSync(join(app, 'server.cjs'), program)
  const { stdout } = await promisify(execFile)(process.execPath, ['server.cjs'], {
    cwd: app,
    env: { ...process.env, NAPI_RS_NATIVE_LIBRARY_PATH: addon },
    timeout: 60_000,
  })
  const reason = (name) =>
    `501 ERR_PACKAGE_FILE procward's file dashboard/${name} is missing: install procward again`
  assert.deepEqual(stdout.trim().split('\n'), [
    '200 undefined undefined',
    `dashboard ${reason('index.html')}`,
    `dashboard/app.js ${reason('app.js')}`,
    `dashboard ${reason('login.html')}`,
  ])
})
