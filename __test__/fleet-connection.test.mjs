// The way to a fleet's Redis: addresses, logins, TLS, sentinels, and servers that are no Redis.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { certificates, noCertificates } from './support/certificates.mjs'
import { fleet, inMode } from './support/fleet.mjs'
import { assertNothingLeft } from './support/processes.mjs'
import { commandAt, noRedis, startRedis, startSentinel } from './support/redis.mjs'
import { until } from './support/until.mjs'

const { folder, helperOf, holding, text } = fleet()
const root = fileURLToPath(new URL('..', import.meta.url))
const skip = noRedis()
const SECRET = 'pa/ss:w@rd?'
const escaped = encodeURIComponent(SECRET)

after(assertNothingLeft)

/** The reason for which a helper cannot reach its Redis. */
async function problemOf(t, url) {
  const helper = helperOf(t, url, { onUnreachable: 'refuse' })
  const error = await text(helper, 'one').then(assert.fail, (error) => error)
  assert.equal(error.code, 'ERR_LIMIT_UNAVAILABLE')
  const { fleet } = helper.getSemaphoreStatus()
  for (const shown of [error.message, JSON.stringify(fleet)]) {
    for (const secret of [SECRET, escaped, 'someone', 'name=', 'File='])
      assert.ok(!shown.includes(secret), shown)
  }
  return fleet?.reason
}

for (const [url, problem] of [
  ['redis://', /^MCP_LIMIT_URL: its host must be/],
  [
    `redis://:${SECRET}@localhost`,
    /^MCP_LIMIT_URL: its options are .* write '\?' in a password as %3F$/,
  ],
  [`http://someone:${escaped}@localhost`, /^MCP_LIMIT_URL: it must be 'host' or begin with redis/],
  [
    `redis://localhost?password=${escaped}`,
    /^MCP_LIMIT_URL: its options are name, ca and passwordFile; write/,
  ],
]) {
  test(`a wrong address is refused without showing it: ${problem}`, (t) => {
    assert.throws(
      () => helperOf(t, url),
      (error) => {
        assert.equal(error.code, 'ERR_INVALID_CONFIG')
        assert.match(error.message, problem)
        assert.ok(!error.message.includes('someone') && !error.message.includes(SECRET))
        return true
      },
    )
  })
}

test('a lease that is too short for the grace of a kill is refused', (t) => {
  assert.throws(() => helperOf(t, 'redis://localhost', { killGrace: 5000 }), {
    code: 'ERR_INVALID_CONFIG',
    message:
      /^MCP_LIMIT_LEASE: lease must be above killGrace \+ 1 s .* got 2000 ms with a killGrace/,
  })
  assert.throws(() => helperOf(t, 'redis://localhost', { maxConcurrent: 'auto' }), {
    code: 'ERR_INVALID_CONFIG',
    message: /^maxConcurrent 'auto' needs max with a fleet/,
  })
})

test('without MCP_LIMIT_URL nothing of the fleet is loaded', () => {
  const program = `
    const helper = require('procward/mcp-helper').createMcpHelper()
    helper.getSemaphoreStatus()
    console.log(Object.keys(require.cache).filter((file) => /fleet|lease/.test(file)))`
  const { MCP_LIMIT_URL: _, ...env } = process.env
  const output = execFileSync(process.execPath, ['-e', program], { cwd: root, env })
  assert.equal(String(output), '[]\n')
})

test('a user with a password, and one that may use only the keys and channels of the limit', {
  skip,
}, async (t) => {
  const redis = await startRedis(t)
  const rules = ['on', `>${SECRET}`, 'resetkeys', 'resetchannels', '-@all']
  const rights = ['~{ads}:*', '&{ads}:*', ...ACL]
  await redis.command('ACL', 'SETUSER', 'someone', ...rules, ...rights)
  const at = (login, query = '?name=ads') => redis.url.replace('//', `//${login}@`) + query
  assert.equal(
    await problemOf(t, at('someone:wrong')),
    'the user name or the password is wrong (WRONGPASS)',
  )
  const helper = helperOf(t, at(`someone:${escaped}`))
  assert.equal(await text(helper, 'one'), 1)
  assert.equal(helper.getSemaphoreStatus().fleet?.address, `${redis.url}`)
  const file = join(folder, 'password')
  writeFileSync(file, `${SECRET}\n`)
  const query = `?name=ads&passwordFile=${encodeURIComponent(file)}`
  assert.equal(await text(helperOf(t, at('someone', query)), 'one'), 1)
  assert.equal(
    await problemOf(t, at('someone', query.replace('password', 'pass'))).catch(({ code }) => code),
    'ERR_INVALID_CONFIG',
  )
  const missing = `?passwordFile=${encodeURIComponent(join(folder, 'missing'))}`
  assert.match(
    await problemOf(t, at('someone', missing)),
    /^the file of the option passwordFile cannot be read \(entity not found\)$/,
  )
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  assert.equal(
    await problemOf(t, at('someone', `?passwordFile=${encodeURIComponent(pipe)}`)),
    'the file of the option passwordFile is not a regular file',
  )
  assert.equal(
    await problemOf(t, at(`someone:${escaped}`, '?name=others')),
    'the user may not do what the limit needs (NOPERM)',
  )
})

/** The commands that docs/fleet.md names. */
const ACL = [
  '+@connection',
  '+evalsha',
  '+eval',
  '+subscribe',
  '+publish',
  '+pubsub',
  '+time',
  '+@hash',
  '+@sortedset',
  '+unlink',
  '+role',
]

test('a server without encryption needs a password', { skip }, async (t) => {
  const { url } = await startRedis(t, { settings: [`requirepass ${SECRET}`] })
  assert.equal(await problemOf(t, url), 'the server needs a password (NOAUTH)')
})

test('an encrypted connection with a private authority', {
  skip: skip || noCertificates,
}, async (t) => {
  const { authority, signed } = certificates(t)
  const { file } = signed('server')
  const settings = [
    `tls-cert-file ${file}`,
    `tls-key-file ${file.replace('.pem', '.key')}`,
    `tls-ca-cert-file ${authority.file}`,
    'tls-auth-clients no',
  ]
  const redis = await startRedis(t, { settings, tls: true })
  const url = redis.url.replace('redis:', 'rediss:')
  const trusted = `${url}?ca=${encodeURIComponent(authority.file)}`
  assert.equal(await text(helperOf(t, trusted), 'one'), 1)
  assert.match(await problemOf(t, url), /certificate/)
  assert.match(await problemOf(t, redis.url), /closed the connection|connection broke|not Redis's/)
})

test('a server that is no Redis, and one that says nothing', async (t) => {
  const listening = async (server) => {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    t.after(() => server.close())
    return `redis://127.0.0.1:${server.address().port}`
  }
  const http = await listening(createHttpServer((_, response) => response.end('hello')))
  assert.match(await problemOf(t, http), /not Redis's|closed the connection|connection broke/)
  const sockets = new Set()
  const silent = await listening(createServer((socket) => sockets.add(socket)))
  assert.match(await problemOf(t, silent), /no answer in time|not connected yet/)
  for (const socket of sockets) socket.destroy()
  const endless = await listening(
    createServer((socket) => {
      socket.on('error', () => {})
      const more = () => socket.writable && socket.write('+'.padEnd(65_536, 'x'), more)
      more()
    }),
  )
  assert.match(
    await problemOf(t, endless),
    /not Redis's|closed the connection|connection broke|no answer/,
  )
})

test('the sentinels name the master, also after a failover', { skip }, async (t) => {
  const master = await startRedis(t)
  const replica = await startRedis(t, { settings: [`replicaof 127.0.0.1 ${master.port}`] })
  const sentinel = await startSentinel(t, master)
  const host = `127.0.0.1:${sentinel.port}`
  const url = `redis-sentinel://127.0.0.1:1,${host}/limits`
  const helper = helperOf(t, url)
  assert.equal(await text(helper, 'one'), 1)
  assert.equal(helper.getSemaphoreStatus().fleet?.address, url)
  assert.match(await problemOf(t, url.replace('limits', 'others')), /knows no master of this name$/)
  await until(async () => (await sentinel.command('SENTINEL', 'REPLICAS', 'limits')).length === 1)
  const call = await holding(helper, 'one')
  await master.kill()
  await until(async () => {
    // A server that changes its role breaks its connections.
    const [role] = await commandAt(replica.port, ['ROLE']).catch(() => [])
    return role === 'master'
  })
  await inMode('fleet', helper)
  await call.end()
  assert.equal(await text(helper, 'one', { cost: 3 }), 1)
})
