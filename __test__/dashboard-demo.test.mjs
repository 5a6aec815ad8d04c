// The lifecycle demo's calls under the open dashboard, as four people see them at once: light and
// dark, desk and phone.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ServerProcess } from '../examples/ad-ops/demo/server-process.js'
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
  textOf,
  widths,
} from './support/browser.mjs'
import { lifecycle } from './support/lifecycle.mjs'
import { until } from './support/until.mjs'

const VIEWERS = /** @type {const} */ (['light', 'dark']).flatMap((colorScheme) =>
  [DESK, PHONE].map((viewport) => ({ colorScheme, viewport })),
)
/** The place of the tile that counts finished calls; failed ones are next to it. */
const FINISHED = 4
const SERVERS = ['everything', 'filesystem', 'memory', 'sequential-thinking']

/**
 * Waits until one viewer has seen calls and sessions, each of which may have gone again by the end.
 */
async function watch(page) {
  await Promise.all([
    until(async () => (await rows(page, 'calls')) > 0),
    until(async () => (await rows(page, 'sessions')) === SERVERS.length),
  ])
}

describe('the lifecycle demo in Chromium', { skip: noBrowser }, () => {
  let browser
  let server
  before(async () => {
    browser = await launch()
    // All eleven at once, over a process for each server.
    server = await ServerProcess.start({ MCP_MAX_CONCURRENT: '11' })
  })
  after(async () => {
    await Promise.all([browser?.close(), server?.stop()])
  })

  test('rows come and go, charts move, and four processes are no reason for an alert', async (t) => {
    const viewers = await Promise.all(VIEWERS.map((viewer) => openPage(browser, t, viewer)))
    const pages = viewers.map(({ page }) => page)
    await Promise.all(viewers.map(({ goto }) => goto(`${server.url}/api/health/dashboard`)))
    await Promise.all(pages.map(isLive))
    for (const page of pages)
      assert.equal(await textOf(page, '#calls'), 'No call and no process runs.')
    const before = await Promise.all(pages.map(chartLines))

    let isSeen = false
    const seen = Promise.all(pages.map(watch)).finally(() => {
      isSeen = true
    })
    // Once is enough, unless no snapshot fell into the second in which all eleven waited for their
    // servers.
    const outcomes = []
    do outcomes.push(await lifecycle(server))
    while (!isSeen)
    await seen
    for (const { failures, latencies, left } of outcomes) {
      assert.deepEqual([failures, latencies.length, left], [[], 44, 0])
    }

    for (const [at, page] of pages.entries()) {
      const findings = await seriousFindings(page)
      assert.deepEqual(findings, [])
      await until(async () => (await rows(page, 'calls')) === 0)
      const tile = async (place) =>
        Number((await page.locator('.tile .value').nth(place).textContent()).replace(/\D/g, ''))
      await until(async () => (await tile(FINISHED)) === 44 * outcomes.length)
      assert.equal(await tile(FINISHED + 1), 0, 'failed')
      const names = await page.locator('#latency tbody th:first-child').allTextContents()
      assert.deepEqual([...new Set(names)].sort(), SERVERS)
      assert.equal(await page.locator('#alerts [data-name="processes"]').count(), 0)
      const later = await chartLines(page)
      // In progress, finished, memory, children; nothing queued, and nothing was to be cleaned up.
      for (const chart of [0, 2, 3, 4])
        assert.notEqual(later[chart], before[at][chart], `chart ${chart}`)
      const [width, room] = await widths(page)
      assert.ok(width <= room, `${width} px of ${room}`)
      assert.deepEqual(viewers[at].mishaps, [])
    }
  })
})
