// A paused page behind which another process answers: it keeps the numbers of the first one.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chartLines, isLive, launch, noBrowser, openPage, textOf } from './support/browser.mjs'
import { until } from './support/until.mjs'

const PROGRAM = fileURLToPath(new URL('fixtures/health-host.cjs', import.meta.url))

/** A server with health routes. @param {import('node:test').TestContext} t */
async function serverOf(t) {
  const child = spawn(process.execPath, [PROGRAM, 'loopback'], {
    env: { ...process.env, PROCWARD_ANNOUNCE: 'off' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(async () => {
    const exited = once(child, 'exit')
    child.stdin.end()
    await exited
  })
  const [url] = await once(createInterface({ input: child.stdout }), 'line')
  return { pid: child.pid, port: Number(new URL(url).port) }
}

/**
 * An address behind which one process answers, and then another.
 * @param {import('node:test').TestContext} t
 * @param {number} first - its port
 */
async function addressOf(t, first) {
  let port = first
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set()
  const cut = () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  const proxy = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    near.pipe(far).pipe(near)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.after(() => {
    cut()
    proxy.close()
  })
  const address = /** @type {import('node:net').AddressInfo} */ (proxy.address())
  return {
    url: `http://127.0.0.1:${address.port}/api/health/dashboard`,
    switchTo(/** @type {number} */ other) {
      port = other
      cut()
    },
  }
}

let browser
before(async () => {
  if (!noBrowser) browser = await launch()
})
after(() => browser?.close())

test('a paused page shows one process until it goes on', { skip: noBrowser }, async (t) => {
  const [one, other] = [await serverOf(t), await serverOf(t)]
  const { url, switchTo } = await addressOf(t, one.port)
  const { page, goto } = await openPage(browser, t)
  await goto(url)
  await isLive(page)
  const facts = () => textOf(page, '#process-facts')
  const windows = page.locator('input[name="window"]')
  const lines = async () => {
    // Each choice of a window draws the charts again.
    await windows.nth(1).check({ force: true })
    await windows.nth(0).check({ force: true })
    return chartLines(page)
  }
  const points = ([first]) => first.match(/[HLV]/g)?.length ?? 0
  await until(async () => points(await lines()) >= 3)
  await page.locator('#pause').click()
  const before = await lines()
  assert.ok((await facts()).includes(`pid ${one.pid}`))

  const answered = page.waitForResponse((response) => response.url().includes('/history?'))
  switchTo(other.port)
  const history = await (await answered).json()
  const { instance } = await (await fetch(url.replace('dashboard', 'history'))).json()
  assert.equal(history.instance, instance)
  assert.deepEqual(await lines(), before)
  assert.ok((await facts()).includes(`pid ${one.pid}`))

  await page.locator('#pause').click()
  await until(async () => (await facts()).includes(`pid ${other.pid}`))
  assert.notDeepEqual(await lines(), before)
})
