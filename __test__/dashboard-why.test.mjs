// What the dashboard answers beyond numbers: why something failed or waits, and for whom it is so.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startAlerts } from 'procward'
import { healthRouter } from 'procward/health'
import { createMcpHelper } from '../lib/mcp-helper.js'
import {
  DESK,
  isLive,
  launch,
  noBrowser,
  openPage,
  PHONE,
  rows,
  seriousFindings,
  textOf,
  widths,
} from './support/browser.mjs'
import { busyHelper } from './support/busy-helper.mjs'
import { hostileServer } from './support/hostile.mjs'
import { listen } from './support/http.mjs'
import { until } from './support/until.mjs'
import { watched } from './support/watched.mjs'

const TOKEN = 'correct-horse-battery-staple'
const { cleanup } = watched()

describe('in Chromium', { skip: noBrowser }, () => {
  let browser
  before(async () => {
    browser = await launch()
  })
  after(() => browser?.close())

  /** The page of a helper, with a query. */
  async function open(t, helper, { query = '', ...options } = {}) {
    const { origin } = await listen(t, healthRouter({ helper, cleanup }))
    const opened = await openPage(browser, t, options)
    await opened.goto(`${origin}/dashboard${query}`)
    await isLive(opened.page)
    return opened
  }

  /** A helper with real servers, and its page. */
  async function openReal(t, settings, options) {
    const servers = { full: hostileServer(), free: hostileServer() }
    const helper = createMcpHelper({ servers, transport: 'pool', ...settings })
    t.after(() => helper.shutdown())
    return { helper, ...(await open(t, helper, options)) }
  }

  const cells = (page, table, at = 0) =>
    page.locator(`#${table} tbody tr >> nth=${at}`).locator('th, td').allTextContents()

  test('failed calls are listed, and explain the alert that they raise', async (t) => {
    const { page, mishaps, helper } = await openReal(t)
    assert.equal(await page.locator('#failures-hint').isVisible(), false)
    const calls = Array.from({ length: 12 }, () =>
      helper.callToolAsync('free', 'error of the tool').catch(() => {}),
    )
    await Promise.all(calls)
    await until(async () => (await rows(page, 'failures')) >= 12)
    const [when, server, tool, code, , message] = await cells(page, 'failures')
    assert.match(when, /^\d\d:\d\d:\d\d$/)
    assert.deepEqual([server, tool, code], ['free', 'error of the tool', 'ERR_TOOL'])
    assert.match(message, /slow down/)
    const alert = page.locator('#alerts [data-name="failures"]')
    await until(async () => {
      await helper.callToolAsync('free', 'error of the tool').catch(() => {})
      return (await alert.count()) === 1
    })
    assert.match(
      await alert.textContent(),
      / within 5 min .*Why: (\d+) of \1 listed failures are free error of the tool: ERR_TOOL\./,
    )
    assert.match(await page.title(), /^\(\d+\) \S+ \d+ · procward$/)
    await alert.getByRole('link', { name: 'Failed calls' }).click()
    await until(() => page.evaluate(() => document.activeElement?.id === 'failures-title'))
    assert.deepEqual(mishaps, [])
  })

  test('the message of a failed call is seen at 360 px, below its other cells', async (t) => {
    const { page, mishaps, helper } = await openReal(t, {}, { viewport: PHONE })
    for (let call = 0; call < 3; call++)
      await helper.callToolAsync('free', 'error of the tool').catch(() => {})
    await until(async () => (await rows(page, 'failures')) >= 3)
    const row = page.locator('#failures tbody tr >> nth=0')
    const [whole, message] = [await row.boundingBox(), await row.locator('.long').boundingBox()]
    assert.ok(message.x >= 0 && message.x + message.width <= PHONE.width, 'it is not cut')
    assert.ok(message.width > whole.width * 0.9, 'it has the width of the row')
    assert.match(await textOf(page, '#failures-tally'), /^\d+ of \d+ failed calls?$/)
    await page.locator('#failures').getByRole('button', { name: 'Code' }).click()
    assert.equal(await page.getByRole('table', { name: 'Recent failed calls' }).count(), 1)
    assert.deepEqual(await seriousFindings(page), [])
    assert.deepEqual([await widths(page), mishaps], [[PHONE.width, PHONE.width], []])
  })

  test('waiting calls are listed with their reason, and the limit with its reach', async (t) => {
    const { page, mishaps, helper } = await openReal(t, { maxConcurrent: 2, limits: { full: 1 } })
    assert.equal(await textOf(page, '#queue'), 'No call waits.')
    const calls = [1, 2].map(() => helper.callToolAsync('full', 'hang').catch(() => {}))
    await until(async () => (await rows(page, 'queue')) === 1)
    const [server, tool, waited, since, reason] = await cells(page, 'queue')
    assert.deepEqual([server, tool, reason], ['full', 'hang', "a server's limit"])
    assert.match(`${waited} ${since}`, /^[\d.]+ s \d\d:\d\d:\d\d$/)
    const facts = await textOf(page, '#queue-facts')
    assert.match(facts, /Limit\s+2 calls in this process\s+Calls wait for\s+a server's limit/)
    assert.match(await textOf(page, '.tile >> nth=1'), /longest for [\d.]+ s/)
    await helper.shutdown()
    await Promise.all(calls)
    assert.deepEqual(mishaps, [])
  })

  test('the header and the title name the process, and its trees have their CPU', async (t) => {
    const { page, helper } = await openReal(t)
    const facts = await textOf(page, '#process-facts')
    assert.match(
      facts,
      new RegExp(
        `pid ${process.pid}\\s+up .*\\s+procward \\d+\\.\\d+\\.\\d+\\s+Node\\.js ${process.versions.node}`,
      ),
    )
    await helper.callToolAsync('free', 'pid')
    const row = page.locator('#processes tbody tr', { hasText: 'free' })
    await until(async () => {
      const [server, running, share] = await row.locator('th, td').allTextContents()
      return server === 'free' && running === '1' && /^[\d.]+%$/.test(share)
    })
    assert.match(await textOf(page, '#processes-title'), /% of one processor$/)
    assert.equal(await page.locator('#logout').isVisible(), false)
  })

  test('calls of one process show its memory once, in any order', async (t) => {
    const { page } = await open(t, busyHelper({ calls: 6, servers: 2 }))
    await until(async () => (await rows(page, 'calls')) === 6)
    const memory = async () => {
      const shown = await Promise.all([0, 1, 2, 3, 4, 5].map((at) => cells(page, 'calls', at)))
      return shown.map((row) => row[4])
    }
    const first = await memory()
    assert.deepEqual(first.slice(2), Array(4).fill('same process'))
    assert.ok(first.slice(0, 2).every((text) => text.endsWith('MiB')))
    await page.locator('#calls').getByRole('button', { name: 'Server' }).click()
    await until(async () => (await memory())[3].endsWith('MiB'))
    assert.deepEqual((await memory()).filter((text) => text === 'same process').length, 4)
  })

  test('the URL keeps window, order and pause', async (t) => {
    const { page, mishaps } = await open(t, busyHelper({ calls: 8, servers: 4 }))
    const button = page.locator('#calls').getByRole('button', { name: 'PID' })
    const pids = async () =>
      (await page.locator('#calls tbody tr td:nth-child(3)').allTextContents()).map(Number)
    await until(async () => (await pids()).length === 8)
    const usual = await pids()
    const head = page.locator('#calls thead th >> nth=2')
    await button.click()
    assert.equal(await head.getAttribute('aria-sort'), 'descending')
    assert.deepEqual(
      await pids(),
      [...usual].sort((one, other) => other - one),
    )
    await button.click()
    assert.equal(await head.getAttribute('aria-sort'), 'ascending')
    await page.locator('#windows').getByText('15 min').click()
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    const { search } = new URL(page.url())
    assert.equal(search, '?window=15m&sort=calls.pid.asc&paused=1')

    await page.reload()
    await until(async () => (await pids()).length === 8)
    assert.deepEqual(
      await pids(),
      [...usual].sort((one, other) => one - other),
    )
    assert.equal(await page.locator('input[name="window"]:checked').inputValue(), '900000')
    await until(async () => /paused at \d\d:\d\d:\d\d$/.test(await textOf(page, '#link-text')))
    const resume = page.getByRole('button', { name: 'Resume' })
    const age = async () => (await cells(page, 'calls', 0))[3]
    const stopped = await age()
    const events = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const stream = new EventSource('events')
          let seen = 0
          stream.addEventListener('snapshot', () => ++seen === 3 && resolve(stream.close() ?? seen))
        }),
    )
    assert.deepEqual([events, await age()], [3, stopped], 'three snapshots later')
    await resume.click()
    await until(async () => (await age()) !== stopped)
    await button.click()
    assert.equal(new URL(page.url()).search, '?window=15m', 'the usual order and no pause')
    assert.deepEqual(mishaps, [])
  })

  test('a chart is read by pointer and by keys', async (t) => {
    const { page, mishaps } = await open(t, busyHelper({ calls: 8, servers: 4 }))
    const chart = page.locator('.chart >> nth=0')
    const plot = chart.locator('.plot')
    const cursor = page.locator('.chart .cursor text')
    const when = chart.locator('.when')
    assert.equal(await when.textContent(), 'now')
    await plot.scrollIntoViewIfNeeded()
    await plot.hover({ position: { x: 200, y: 60 } })
    await until(async () => /^\d\d:\d\d:\d\d$/.test(await when.textContent()))
    assert.equal(await cursor.nth(0).textContent(), await when.textContent())
    assert.equal(await cursor.nth(3).textContent(), await when.textContent(), 'in all charts')
    await page.mouse.move(0, 0)
    await until(async () => (await when.textContent()) === 'now')

    await plot.focus()
    await page.keyboard.press('End')
    const values = () => plot.getAttribute('aria-valuetext')
    await until(async () => /^\d\d:\d\d:\d\d: 8 in use, 8 limit/.test(await values()))
    const last = Number(await plot.getAttribute('aria-valuenow'))
    await page.keyboard.press('PageDown')
    await page.keyboard.press('ArrowLeft')
    assert.ok(last - Number(await plot.getAttribute('aria-valuenow')) > 50_000)
    await page.keyboard.press('Escape')
    assert.equal(await when.textContent(), 'now')
    assert.deepEqual(mishaps, [])
  })

  test('the legend of bars counts what the bars show', async (t) => {
    const { page, helper } = await openReal(t)
    const answered = page.locator('.chart >> nth=2').locator('.reading >> nth=0')
    const failed = page.locator('.chart >> nth=2').locator('.reading >> nth=1')
    const value = async (place) => Number(await place.textContent())
    // The bars have all calls of this young process.
    const finished = page.locator('.tile >> nth=4').locator('.value')
    await until(
      async () => (await value(answered)) + (await value(failed)) === (await value(finished)),
    )
    const before = await value(answered)
    for (let at = 0; at < 3; at++) await helper.callToolAsync('free', 'pid')
    await until(async () => (await value(answered)) === before + 3)
    assert.equal(await page.locator('.chart >> nth=2').locator('.when').textContent(), 'in 5 min')
  })

  const MANY = { calls: 300, servers: 60, alerts: 12 }
  const TABLET = { width: 768, height: 900 }
  for (const [colorScheme, viewport, size] of /** @type {const} */ ([
    ['light', PHONE, { calls: 0, servers: 1, alerts: 0 }],
    ['dark', DESK, { calls: 0, servers: 1, alerts: 0 }],
    ['light', DESK, { calls: 3, servers: 3, alerts: 1 }],
    ['dark', PHONE, { calls: 3, servers: 3, alerts: 1 }],
    ['dark', PHONE, MANY],
    ['light', TABLET, MANY],
    ['dark', DESK, MANY],
    ['light', { width: 1920, height: 1080 }, MANY],
  ]))
    test(`${colorScheme}, ${viewport.width} px: ${JSON.stringify(size)}`, async (t) => {
      const helper = busyHelper(size)
      const rules = Object.fromEntries(
        Array.from({ length: 12 }, (_, at) => [
          `rule${at}`,
          at < size.alerts && { measure: 'processes', threshold: 0 },
        ]).filter(([, rule]) => rule),
      )
      const alerts = startAlerts({ helper, cleanup, rules })
      t.after(() => alerts.stop())
      const { page, mishaps } = await open(t, helper, { colorScheme, viewport })
      await until(async () => (await rows(page, 'calls')) === size.calls)
      await until(async () => (await page.locator('#alerts li').count()) >= size.alerts)
      const [width, room] = await widths(page)
      assert.ok(width <= room, `${width} px of ${room}`)
      for (const area of await page.locator('.scroll-area').all()) {
        if (!(await area.isVisible())) continue
        const isCut = await area
          .locator('.scroll')
          .evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth > 2)
        assert.equal(await area.locator('.more-columns').isVisible(), isCut)
      }
      await page.getByRole('button', { name: 'Pause', exact: true }).click()
      assert.deepEqual(await seriousFindings(page), [])
      assert.deepEqual(mishaps, [])
    })

  test('many alerts are folded, critical ones first', async (t) => {
    const helper = busyHelper({ calls: 30, servers: 6 })
    const rules = Object.fromEntries(
      Array.from({ length: 9 }, (_, at) => [
        `rule${at}`,
        { measure: 'processes', threshold: 0, level: at === 8 ? 'critical' : 'warning' },
      ]),
    )
    const alerts = startAlerts({ helper, cleanup, rules })
    t.after(() => alerts.stop())
    const { page } = await open(t, helper)
    const items = page.locator('#alerts li')
    await until(async () => (await items.count()) >= 9)
    assert.equal(await items.first().getAttribute('data-name'), 'rule8')
    const shown = async () =>
      (await Promise.all((await items.all()).map((item) => item.isVisible()))).filter(Boolean)
        .length
    assert.equal(await shown(), 4)
    await page.getByRole('button', { name: /^Show \d+ more alerts$/ }).click()
    assert.equal(await shown(), await items.count())
    await page.getByRole('button', { name: 'Show fewer alerts' }).click()
    assert.equal(await shown(), 4)
  })

  test('a page of another origin takes no place of a reader', async (t) => {
    const { helper } = watched()
    const handler = healthRouter({ helper, cleanup })
    const statuses = []
    const { origin } = await listen(t, (req, res) => {
      res.once('finish', () => statuses.push(res.statusCode))
      handler(req, res)
    })
    const foreign = await listen(t, (_req, res) => {
      res.setHeader('Content-Type', 'text/html').end('<!doctype html><title>stranger</title>')
    })
    const { page } = await openPage(browser, t)
    await page.goto(foreign.origin)
    await page.evaluate((url) => {
      for (let at = 0; at < 5; at++) fetch(url, { mode: 'no-cors' })
      for (let at = 0; at < 5; at++) new EventSource(url)
    }, `${origin}/events`)
    await until(() => statuses.length >= 10)
    assert.deepEqual(new Set(statuses), new Set([403]))
  })

  test('a link with a slash and a view leads through the login, and the session ends', async (t) => {
    const { helper } = watched()
    const prefix = '/api/health'
    const { origin } = await listen(t, healthRouter({ helper, cleanup, prefix, token: TOKEN }))
    const { page, goto, mishaps } = await openPage(browser, t, { viewport: PHONE })
    await page.goto(`${origin}${prefix}/dashboard/?window=1h`)
    await page.getByLabel('Token').fill(TOKEN)
    await page.getByRole('button').click()
    await isLive(page)
    assert.equal(page.url(), `${origin}${prefix}/dashboard?window=1h`)
    assert.equal(await page.locator('input[name="window"]:checked').inputValue(), '3600000')
    const before = mishaps.filter((mishap) => !mishap.includes('401'))
    assert.deepEqual(before, [])
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Token').waitFor()
    assert.deepEqual(await page.context().cookies(), [])
    await goto(`${origin}${prefix}/dashboard`)
    await page.getByLabel('Token').waitFor()
  })
})
