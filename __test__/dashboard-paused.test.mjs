// A paused page behind which another process answers: it keeps the numbers of the first one.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { chartLines, isLive, launch, noBrowser, openPage, textOf } from './support/browser.mjs'
import { addressOf, serverOf } from './support/changing-address.mjs'
import { until } from './support/until.mjs'

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
