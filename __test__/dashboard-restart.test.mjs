// A page whose server is restarted.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isLive, launch, noBrowser, openPage, stateOf, textOf } from './support/browser.mjs'
import { addressOf, serverOf } from './support/changing-address.mjs'
import { until } from './support/until.mjs'

let browser
before(async () => {
  if (!noBrowser) browser = await launch()
})
after(() => browser?.close())

test('a restarted server is live again, without a refused request', {
  skip: noBrowser,
}, async (t) => {
  const first = await serverOf(t)
  const { url, cut, switchTo } = await addressOf(t, first.port)
  const { page, goto } = await openPage(browser, t)
  const polls = { failed: 0, answered: 0 }
  const refused = []
  const isPoll = (request) =>
    request.resourceType() === 'fetch' && request.url().includes('/events')
  page.on('requestfailed', (request) => {
    if (isPoll(request)) polls.failed++
  })
  page.on('response', (response) => {
    if (!response.ok()) refused.push(`${response.status()} ${response.url()}`)
    else if (isPoll(response.request())) polls.answered++
  })
  await goto(url)
  await isLive(page)
  cut()
  // The page has given up its stream after 5 s; it polls every 2 s.
  await until(() => polls.failed >= 5)
  assert.equal(await stateOf(page), 'lost')
  const second = await serverOf(t)
  polls.answered = 0
  switchTo(second.port)
  await isLive(page)
  assert.ok((await textOf(page, '#process-facts')).includes(`pid ${second.pid}`))
  assert.deepEqual(refused, [])
  // A stream is tried again every 30 s while the page polls, which is 15 polls.
  assert.ok(polls.answered <= 3, `${polls.answered} polls were answered before the stream`)
})
