// The lock beside mcporter's store, with other processes.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import vault from '../lib/mcporter/oauth/vault.js'
import { expired, OLD, seconds } from './support/oauth-homes.mjs'
import { outcomeOf } from './support/program.mjs'

describe("mcporter's lock", {
  skip: process.platform === 'win32' && 'pids there are another matter',
}, () => {
  const gone = () =>
    new Promise((resolve) => {
      const child = execFile(process.execPath, ['-e', ''], () => resolve(child.pid))
    })

  test('of a dead process is removed', async (t) => {
    const { authority, who } = await expired(t)
    for (const name of ['.lock', '.lock.break']) writeFileSync(who.file + name, `${await gone()}\n`)
    assert.ok(await authority.findToken((await who.token()).accessToken))
    assert.equal(existsSync(`${who.file}.lock`), false)
  })

  test('is waited for, and a token stored meanwhile is used', async (t) => {
    const { authority, who } = await expired(t)
    writeFileSync(`${who.file}.lock`, `${process.pid}\n`)
    const waiting = who.token()
    await new Promise((resolve) => setTimeout(resolve, 200))
    const contents = JSON.parse(readFileSync(who.file, 'utf8'))
    contents.entries[vault.vaultKey(who.definition)].tokens = {
      ...OLD,
      access_token: 'theirs',
      expires_at: seconds() + 999,
    }
    writeFileSync(who.file, JSON.stringify(contents))
    rmSync(`${who.file}.lock`)
    assert.equal((await waiting).accessToken, 'theirs')
    assert.equal(authority.asked.length, 0)
  })

  test('two processes refresh once', async (t) => {
    const { authority, who } = await expired(t)
    const program = `
      import store from './lib/mcporter/oauth-store.js'
      const [definition, home] = ${JSON.stringify([who.definition, { env: who.places.env, home: who.home, platform: process.platform }])}
      console.log((await store.accessToken(definition, home)).accessToken)`
    const outcomes = await Promise.all([outcomeOf(program), outcomeOf(program), outcomeOf(program)])
    const { access_token: token } = who.stored().tokens
    assert.deepEqual(
      outcomes.map(({ stdout }) => stdout),
      [token, token, token],
    )
    assert.equal(authority.asked.length, 1)
  })
})
