// The dashboard as people see it: the example server, real calls, a real Chromium.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { healthRouter } from 'procward/health'
import { ServerProcess } from '../examples/ad-ops/demo/server-process.js'
import { createMcpHelper } from '../lib/mcp-helper.js'
import {
  chartLines,
  DESK,
  isLive,
  launch,
  noBrowser,
  openPage,
  PHONE,
  rows,
  seriousFindings,
  stateOf,
  textOf,
  widths,
} from './support/browser.mjs'
import { hostileServer } from './support/hostile.mjs'
import { listen } from './support/http.mjs'
import { until } from './support/until.mjs'
import { watched } from './support/watched.mjs'

const TOKEN = 'correct-horse-battery-staple'

describe('in Chromium', { skip: noBrowser }, () => {
  let browser
  before(async () => {
    browser = await launch()
  })
  after(() => browser?.close())

  describe('the example server', () => {
    let server
    before(async () => {
      server = await ServerProcess.start({ MCP_MAX_CONCURRENT: '8' })
    })
    after(() => server?.stop())

    const call = (name, tool, args) =>
      fetch(`${server.url}/api/tools/${name}/${tool}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(args),
      }).then((response) => response.json())
    const long = (seconds) =>
      call('everything', 'trigger-long-running-operation', { duration: seconds, steps: 1 })
    const open = async (t, options) => {
      const opened = await openPage(browser, t, options)
      await opened.goto(`${server.url}/api/health/dashboard`)
      await isLive(opened.page)
      return opened
    }

    test('calls come and go, and charts move', async (t) => {
      const { page, mishaps } = await open(t)
      assert.equal(await textOf(page, '#calls'), 'No call and no process runs.')
      assert.equal(await textOf(page, '#latency'), 'No call has finished yet.')
      const before = await chartLines(page)

      const calls = Promise.all([1, 2, 3, 4, 5, 6, 7].map(() => long(8)))
      await until(async () => (await rows(page, 'calls')) === 7)
      const first = () => textOf(page, '#calls tbody tr >> nth=0')
      const withPid = /^everything\s+trigger-long-running-operation\s+\d+\s/
      await until(async () => withPid.test(await first()))
      assert.match(await textOf(page, '#sessions tbody tr'), /^everything\s+busy\s+\d+\s+7\s/)
      assert.match(await textOf(page, '.tile >> nth=0'), /7 \/ 8/)
      for (const { result } of await calls) assert.match(result.content[0].text, /completed/)
      await call('filesystem', 'read_text_file', { path: 'missing.md' })
      await until(async () => (await rows(page, 'calls')) === 0)
      await until(async () => (await rows(page, 'latency')) === 2)
      assert.match(
        await textOf(page, '#latency tbody'),
        /filesystem\s+read_text_file\s+1\s+1\s+/,
        'one call, one failure',
      )
      const later = await chartLines(page)
      // In progress, queue, finished, memory, children.
      for (const at of [0, 1, 2, 3, 4]) assert.notEqual(later[at], before[at], `chart ${at}`)
      assert.deepEqual(mishaps, [])
    })

    for (const colorScheme of /** @type {const} */ (['light', 'dark']))
      for (const viewport of [DESK, PHONE])
        test(`${colorScheme}, ${viewport.width} px wide: nothing serious, nothing cut off`, async (t) => {
          const { page, mishaps } = await open(t, { colorScheme, viewport })
          const running = long(2)
          await until(async () => (await rows(page, 'calls')) === 1)
          await page.locator('summary').first().click()
          assert.deepEqual(await seriousFindings(page), [])
          await running
          const [width, room] = await widths(page)
          assert.ok(width <= room, `${width} px of ${room}`)
          const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
          const brightness = Number(/\d+/.exec(ground)?.[0])
          assert.ok(colorScheme === 'dark' ? brightness < 64 : brightness > 192, ground)
          assert.deepEqual(mishaps, [])
        })

    test('works by keyboard: the window of the charts, and a chart as a table', async (t) => {
      const { page, mishaps } = await open(t)
      const times = () => page.locator('.chart >> nth=0').locator('.times').innerHTML()
      const before = await times()
      await page.keyboard.press('Tab')
      await page.keyboard.press('ArrowRight')
      await page.keyboard.press('ArrowRight')
      assert.equal(
        await page.locator('input[name="window"]:checked').getAttribute('value'),
        '3600000',
      )
      await until(async () => (await times()) !== before)
      const summary = page.locator('.chart >> nth=0').locator('summary')
      await summary.focus()
      await page.keyboard.press('Enter')
      const table = page.locator('.chart >> nth=0').locator('table')
      assert.equal(await table.locator('caption').textContent(), 'Calls in progress, calls')
      const cells = await table.locator('tbody tr >> nth=0').locator('th, td').allTextContents()
      assert.match(cells.join(' '), /^\d\d:\d\d:\d\d \d+ 8 –$/)
      assert.deepEqual(mishaps, [])
    })

    test('without a stream the page polls', async (t) => {
      const { page, goto } = await openPage(browser, t)
      await page.route('**/events', (route) =>
        route.request().headers().accept === 'text/event-stream'
          ? route.fulfill({ status: 503 })
          : route.continue(),
      )
      await goto(`${server.url}/api/health/dashboard`)
      await until(async () => (await stateOf(page)) === 'polling')
      const running = long(4)
      await until(async () => (await rows(page, 'calls')) === 1)
      await running
      await until(async () => (await rows(page, 'calls')) === 0)
    })
  })

  describe('limits by server', () => {
    const names = ['full', 'rated', 'paused', 'free']
    const servers = Object.fromEntries(names.map((name) => [name, hostileServer()]))

    /** The page of a helper with limits, and the helper. */
    async function open(t, options) {
      const helper = createMcpHelper({
        servers,
        transport: 'pool',
        maxConcurrent: 5,
        limits: { full: 1 },
        rates: { rated: { limit: 150, interval: 60_000 } },
      })
      t.after(() => helper.shutdown())
      const { origin } = await listen(t, healthRouter({ helper, cleanup: watched().cleanup }))
      const opened = await openPage(browser, t, options)
      await opened.goto(`${origin}/dashboard`)
      await isLive(opened.page)
      return { ...opened, helper }
    }

    /** Fills one server, uses the rate of another, and lets a third one ask for a pause. */
    async function occupy(helper) {
      const ended = [1, 2].map(() => helper.callToolAsync('full', 'hang').catch(() => {}))
      await helper.callToolAsync('rated', 'pid')
      const data = { retry_after: 600 }
      await assert.rejects(helper.callToolAsync('paused', 'error with data', { data }))
      return ended
    }

    /** The reading of the band in the first chart. @param {import('playwright-core').Page} page */
    const waiting = (page) => textOf(page, '.chart >> nth=0 >> .legend .entry >> nth=2')

    test('show slots, waiters, rates, pauses and the reason for waiting', async (t) => {
      const { page, mishaps, helper } = await open(t)
      assert.equal(await waiting(page), 'nothing waits')
      assert.equal(await rows(page, 'servers'), 2, 'the limit and the rate that were given')
      await occupy(helper)
      await until(async () => (await rows(page, 'servers')) === 3)
      await until(async () => /^waiting: a server's limit$/.test(await waiting(page)))
      const cells = async (at) =>
        page.locator(`#servers tbody tr >> nth=${at}`).locator('th, td').allTextContents()
      assert.deepEqual(await cells(0), ['full', '1', '1', '1', '–', '–'])
      const paused = /^paused\|0\|–\|0\|–\|(10 min|9 min \d+ s)$/
      await until(async () => paused.test((await cells(1)).join('|')))
      assert.deepEqual(await cells(2), ['rated', '0', '–', '0', '1 of 150 in 1 min', '–'])
      assert.match(await textOf(page, '#servers-title'), /3 servers, waiting: a server's limit$/)
      await until(async () =>
        (await page.locator('.band >> nth=0').getAttribute('d'))?.startsWith('M'),
      )
      await page.locator('summary').first().click()
      const row = page.locator('.chart >> nth=0').locator('tbody tr >> nth=0').locator('td')
      await until(async () => (await row.allTextContents()).at(-1) === "a server's limit")
      const alert = page.locator('#alerts [data-name="pausedServer"]')
      await until(async () => (await alert.count()) === 1)
      assert.match(
        await alert.textContent(),
        /paused is paused by its own Retry-After for another (10 min|9 min( \d+ s)?)/,
      )
      assert.deepEqual(mishaps, [])
    })

    for (const colorScheme of /** @type {const} */ (['light', 'dark']))
      for (const viewport of [DESK, PHONE])
        test(`${colorScheme}, ${viewport.width} px wide: nothing serious, nothing cut off`, async (t) => {
          const { page, mishaps, helper } = await open(t, { colorScheme, viewport })
          await occupy(helper)
          await until(async () => (await rows(page, 'servers')) === 3)
          await until(async () => /^waiting/.test(await waiting(page)))
          await page.locator('summary').first().click()
          assert.deepEqual(await seriousFindings(page), [])
          const [width, room] = await widths(page)
          assert.ok(width <= room, `${width} px of ${room}`)
          assert.deepEqual(mishaps, [])
        })

    test('are hidden without limits, also of a helper without these fields', async (t) => {
      const { state, helper, cleanup } = watched()
      const { origin } = await listen(t, healthRouter({ helper, cleanup }))
      const { page, goto, mishaps } = await openPage(browser, t)
      await goto(`${origin}/dashboard`)
      await isLive(page)
      state.queued = 1
      await until(async () => (await waiting(page)) === 'waiting: the overall limit')
      assert.equal(await page.locator('#servers-panel').isVisible(), false)
      assert.equal(await page.locator('#memory-panel').isVisible(), false)
      assert.deepEqual(mishaps, [])
    })
  })

  describe('memory for processes', () => {
    /** The page of a helper with a gate, after a call. */
    async function open(t, options) {
      const helper = createMcpHelper({
        servers: { 'memory shown': hostileServer() },
        transport: 'pool',
        maxConcurrent: 'auto',
        memoryBudget: '8G',
      })
      t.after(() => helper.shutdown())
      await helper.callToolAsync('memory shown', 'pid')
      const { origin } = await listen(t, healthRouter({ helper, cleanup: watched().cleanup }))
      const opened = await openPage(browser, t, options)
      await opened.goto(`${origin}/dashboard`)
      await isLive(opened.page)
      return opened
    }

    for (const [viewport, colorScheme] of /** @type {const} */ ([
      [DESK, 'light'],
      [PHONE, 'dark'],
    ]))
      test(`is shown by server, ${viewport.width} px wide`, async (t) => {
        const { page, mishaps } = await open(t, { viewport, colorScheme })
        const row = page.locator('#memory tbody tr', { hasText: 'memory shown' })
        await until(async () => (await row.count()) === 1)
        const cells = (await row.locator('th, td').allTextContents()).join('|')
        assert.match(cells, /^memory shown\|[\d.]+ MiB\|[\d.]+ (B|KiB|MiB)\|(unknown|\d+)\|1\|0$/)
        assert.match(
          await textOf(page, '#memory-title'),
          / of 8 GiB in 1 process, .* available, .* stays free$/,
        )
        assert.deepEqual(await seriousFindings(page), [])
        const [width, room] = await widths(page)
        assert.ok(width <= room, `${width} px of ${room}`)
        assert.deepEqual(mishaps, [])
      })
  })

  test('an alert is raised and resolved', async (t) => {
    const { state, helper, cleanup } = watched()
    const getActiveProcesses = () =>
      helper.getActiveProcesses().map((call, at) => ({ ...call, pid: at + 1 }))
    const { origin } = await listen(
      t,
      healthRouter({ helper: { ...helper, getActiveProcesses }, cleanup }),
    )
    const { page, goto, mishaps } = await openPage(browser, t)
    await goto(`${origin}/dashboard`)
    await isLive(page)
    state.processes = 7
    const alert = page.locator('#alerts [data-name="processes"]')
    const level = () => alert.getAttribute('data-level', { timeout: 100 }).catch(() => '')
    await until(async () => (await level()) === 'warning')
    assert.match(await alert.textContent(), /7 active processes detected \(recommended max: 5\)/)
    assert.match(await textOf(page, '#announcement'), /^warning: 7 active processes/)
    state.processes = 0
    await until(async () => (await level()) === 'resolved')
    assert.match(await textOf(page, '#announcement'), /^resolved: /)
    assert.deepEqual(mishaps, [])
  })

  test('a server that shuts down and exits', async (t) => {
    const { state, helper, cleanup } = watched()
    const getReadiness = () => ({
      ready: !state.draining,
      reason: state.draining ? 'draining' : null,
    })
    const handler = healthRouter({ helper: { ...helper, getReadiness }, cleanup })
    const { origin, server } = await listen(t, handler)
    const { page, goto } = await openPage(browser, t)
    await goto(`${origin}/dashboard`)
    await isLive(page)
    assert.equal(await textOf(page, '#notice'), '')
    Object.assign(state, { draining: true, processes: 2 })
    await until(async () => (await stateOf(page)) === 'draining')
    assert.match(
      await textOf(page, '#notice'),
      /shutting down: no new call starts, 2 calls still run/,
    )
    assert.deepEqual(await seriousFindings(page), [])
    state.processes = 0
    server.close()
    server.closeAllConnections()
    await until(async () => (await stateOf(page)) === 'lost')
    assert.match(
      await textOf(page, '#notice'),
      /has shut down\. The numbers are those of \d\d:\d\d:\d\d/,
    )
    assert.match(await textOf(page, '#announcement'), /shut/)
  })

  test('a lost connection is restored', async (t) => {
    const { helper, cleanup } = watched()
    const handler = healthRouter({ helper, cleanup })
    const first = await listen(t, handler)
    const { page, goto } = await openPage(browser, t)
    await goto(`${first.origin}/dashboard`)
    await isLive(page)
    first.server.close()
    first.server.closeAllConnections()
    await until(async () => (await stateOf(page)) === 'lost')
    assert.match(await textOf(page, '#notice'), /No connection to the server/)
    await listen(t, handler, first.port)
    await isLive(page)
    assert.equal(await textOf(page, '#notice'), '')
  })

  test('a name with markup is shown as text', async (t) => {
    const { state, helper, cleanup } = watched()
    const name = '<img src=x onerror="document.title=1"><b>'
    const getActiveProcesses = () =>
      helper.getActiveProcesses().map((call) => ({ ...call, server: name, tool: name }))
    state.processes = 1
    const getSemaphoreStatus = () => ({
      ...helper.getSemaphoreStatus(),
      limitedBy: null,
      servers: [{ server: name, limit: 1, rate: null, current: 1, queued: 0, pausedFor: 0 }],
    })
    const { origin } = await listen(
      t,
      healthRouter({ helper: { ...helper, getActiveProcesses, getSemaphoreStatus }, cleanup }),
    )
    const { page, goto, mishaps } = await openPage(browser, t)
    await goto(`${origin}/dashboard`)
    await until(async () => (await rows(page, 'calls')) === 1)
    assert.equal(await textOf(page, '#calls tbody th'), name)
    assert.equal(await textOf(page, '#servers tbody th'), name)
    assert.match(await page.title(), /^\S+ \d+ · procward$/)
    assert.deepEqual(mishaps, [])
  })

  for (const colorScheme of /** @type {const} */ (['light', 'dark']))
    test(`a token is asked for, ${colorScheme}`, async (t) => {
      const { helper, cleanup } = watched()
      const { origin } = await listen(
        t,
        healthRouter({ helper, cleanup, prefix: '/api/health', token: TOKEN }),
      )
      const { page, goto } = await openPage(browser, t, { colorScheme, viewport: PHONE })
      await goto(`${origin}/api/health/dashboard`)
      assert.deepEqual(await seriousFindings(page), [])
      await page.getByLabel('Token').fill('wrong')
      await page.keyboard.press('Enter')
      await page.getByText('That is not the token.').waitFor()
      assert.deepEqual(await seriousFindings(page), [])
      await page.getByLabel('Token').fill(TOKEN)
      await page.getByRole('button').click()
      await page.waitForURL(`${origin}/api/health/dashboard`)
      await isLive(page)
      const [cookie] = await page.context().cookies()
      assert.deepEqual(
        [cookie.path, cookie.httpOnly, cookie.sameSite],
        ['/api/health', true, 'Strict'],
      )
      assert.ok(!cookie.value.includes(TOKEN))
    })
})
