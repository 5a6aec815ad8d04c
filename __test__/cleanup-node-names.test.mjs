// Node.js as people install it: under other names, wrapped, replaced, inside Electron, out of
// reach.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { noProcessList } from './support/processes.mjs'
import { BECAUSE } from './support/scans.mjs'
import { NOBODY, told } from './support/spaces.mjs'

describe('Node.js', { skip: noProcessList }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'procward-names-'))
  after(() => rmSync(folder, { recursive: true }))
  chmodSync(folder, 0o755)
  const place = (name) => join(folder, name)
  // Another file than the one that runs this: known by its name, or not at all.
  copyFileSync(process.execPath, place('node-22'), constants.COPYFILE_FICLONE)
  const named = (name) => {
    mkdirSync(dirname(place(name)), { recursive: true })
    linkSync(place('node-22'), place(name))
    return [place(name)]
  }
  const commands = (found) => ({ COMMANDS: JSON.stringify(found) })

  test('is recognised under the names that distributions give it, wrapped, replaced and in Electron', async (t) => {
    for (const file of ['icudtl.dat', 'v8_context_snapshot.bin', 'resources']) {
      mkdirSync(place('app'), { recursive: true })
      writeFileSync(join(place('app'), file), '')
    }
    const given = {
      versioned: [place('node-22')],
      old: named('nodejs20'),
      wrapped: named('.node-wrapped'),
      replaced: named('removed/node'),
      electron: named('app/code'),
    }
    const found = await told(t, {}, 'kinds', commands(given))
    if (found === undefined) return
    assert.deepEqual(
      found,
      Object.fromEntries(Object.keys(given).map((name) => [name, BECAUSE.descendant])),
    )
  })

  test("is also any process of this server's own executable, under any name", async (t) => {
    const [own] = named('my-server')
    const found = await told(
      t,
      { node: own },
      'kinds',
      commands({ same: [own], linked: named('my-worker') }),
    )
    if (found) assert.deepEqual(found, { same: BECAUSE.descendant, linked: BECAUSE.descendant })
  })

  test('is listed if its executable is another program', async (t) => {
    mkdirSync(place('scripts'))
    writeFileSync(join(place('scripts'), 'node'), '#!/bin/sh\necho "$2 $$"\nsleep 60 & wait\n', {
      mode: 0o755,
    })
    const found = await told(t, {}, 'kinds', commands({ script: [join(place('scripts'), 'node')] }))
    if (found) assert.deepEqual(found, { script: BECAUSE.unrecognised })
  })

  test('is listed if it has capabilities and therefore cannot be read', async (t) => {
    const capable = place('node-80')
    copyFileSync(process.execPath, capable, constants.COPYFILE_FICLONE)
    try {
      execFileSync('setcap', ['cap_net_bind_service=+ep', capable], { stdio: 'ignore' })
    } catch {
      return t.skip('this machine gives files no capabilities')
    }
    const found = await told(t, { as: NOBODY }, 'kinds', commands({ capable: [capable] }))
    if (found) assert.deepEqual(found, { capable: BECAUSE.unidentified })
  })
})
