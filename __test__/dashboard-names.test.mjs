// Names of servers and tools in the tables of the page.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { healthRouter } from 'procward/health'
import { namePieces } from '../lib/dashboard/name-pieces.js'
import failed from '../lib/metrics/failed-calls.js'
import { DESK, isLive, launch, noBrowser, openPage, PHONE } from './support/browser.mjs'
import { busyHelper } from './support/busy-helper.mjs'
import { listen } from './support/http.mjs'
import { until } from './support/until.mjs'
import { watched } from './support/watched.mjs'

const LONG = 'x'.repeat(16)

describe('the pieces of a name', () => {
  for (const [name, expected] of [
    ['', []],
    ['srv-04', ['srv-04']],
    ['exits-at-once', ['exits-at-once']],
    ['create_campaign_with_budget', ['create_campaign_', 'with_budget']],
    ['search_all_accounts_by_name', ['search_all_', 'accounts_by_name']],
    ['@acme/a.b-c_d/server-of-ads', ['@acme/a.b-c_d/', 'server-of-ads']],
    ['x'.repeat(50), [LONG, `${LONG}|`, LONG, 'xx']],
    ['😀'.repeat(17), [`${'😀'.repeat(16)}|`, '😀']],
  ])
    test(JSON.stringify(name), () => {
      const pieces = namePieces(name)
      assert.equal(pieces.map(({ text }) => text).join(''), name)
      assert.deepEqual(
        pieces.map(({ text, isBreak }) => (isBreak ? `${text}|` : text)),
        expected,
      )
    })
})

describe('in Chromium', { skip: noBrowser }, () => {
  let browser
  before(async () => {
    browser = await launch()
  })
  after(() => browser?.close())

  async function open(t, helper, viewport) {
    const { cleanup } = watched()
    const { origin } = await listen(t, healthRouter({ helper, cleanup }))
    const { page, goto } = await openPage(browser, t, { viewport })
    await goto(`${origin}/dashboard`)
    await isLive(page)
    return page
  }

  const lines = (page, table, name) =>
    page
      .locator(`#${table} .name`, { hasText: name })
      .first()
      .evaluate((cell) => {
        const range = document.createRange()
        range.selectNodeContents(cell)
        return new Set([...range.getClientRects()].map(({ top }) => top)).size
      })

  test('a very long name leaves the other columns in sight', async (t) => {
    const server = 'a'.repeat(104)
    const helper = busyHelper({ calls: 3, servers: 1 })
    const renamed = (list) => list.map((entry) => ({ ...entry, server }))
    const { getActiveProcesses, getPoolStatus } = helper
    const page = await open(
      t,
      {
        ...helper,
        getActiveProcesses: () => renamed(getActiveProcesses()),
        getPoolStatus: () => ({ ...getPoolStatus(), sessions: renamed(getPoolStatus().sessions) }),
      },
      DESK,
    )
    for (const table of ['calls', 'sessions']) {
      await until(async () => (await page.locator(`#${table} tbody tr`).count()) > 0)
      const name = page.locator(`#${table} tbody .name`).first()
      assert.equal(await name.textContent(), server)
      assert.equal(await page.locator(`#${table} .sideways`).count(), 0, table)
    }
  })

  test('a short name is in one line', async (t) => {
    const call = { server: 'exits-at-once', tool: 'get_all-of-it' }
    const message = 'the server exited with code 1 before it was ready '.repeat(6)
    failed.noteFailedCall(call, { code: 'ERR_SERVER_START', message }, 3)
    const helper = busyHelper({ calls: 30, servers: 3 })
    const getQueuedCalls = () =>
      helper.getQueuedCalls().map((call, at) => ({ ...call, server: `srv-0${at}` }))
    for (const viewport of [DESK, PHONE]) {
      const page = await open(t, { ...helper, getQueuedCalls }, viewport)
      await until(async () => (await page.locator('#failures tbody tr').count()) > 0)
      assert.equal(await lines(page, 'failures', call.server), 1)
      assert.equal(await lines(page, 'queue', 'srv-00'), 1)
    }
    const page = await open(t, helper, DESK)
    failed.noteFailedCall({ ...call, tool: 'create_campaign_with_budget' }, { message }, 3)
    const tool = page.locator('#failures tbody .name', { hasText: 'create_campaign' })
    await until(async () => (await tool.count()) > 0)
    assert.equal(await lines(page, 'failures', 'create_campaign'), 1)
  })
})
