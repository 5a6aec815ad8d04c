// A real Chromium, and what went wrong in its pages.

import { existsSync } from 'node:fs'
import axe from 'axe-core'
import { chromium } from 'playwright-core'
import { until } from './until.mjs'

/** @typedef {import('playwright-core').Page} Page */

const EXECUTABLE = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find(existsSync)

export const PHONE = { width: 360, height: 740 }
export const DESK = { width: 1280, height: 900 }

export const noBrowser = EXECUTABLE ? false : 'needs Chromium: apt-get install chromium'

export function launch() {
  // Chromium's sandbox does not work for root, and these pages are our own.
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  })
}

/**
 * A page and its mishaps: errors on the console, violations of its policy, requests to elsewhere.
 * @param {import('playwright-core').Browser} browser
 * @param {import('node:test').TestContext} t
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
export async function openPage(browser, t, options) {
  const context = await browser.newContext({ viewport: DESK, ...options })
  t.after(() => context.close())
  const page = await context.newPage()
  /** @type {string[]} */
  const mishaps = []
  let origin = ''
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      console.error(`policy: ${violatedDirective} ${blockedURI}`),
    )
  })
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      mishaps.push(`${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => mishaps.push(String(error.stack)))
  page.on('request', (request) => {
    const url = request.url()
    if (origin !== '' && !url.startsWith(`${origin}/`) && !url.startsWith('data:'))
      mishaps.push(`elsewhere: ${url}`)
  })
  return {
    page,
    mishaps,
    /** @param {string} url */
    goto(url) {
      origin = new URL(url).origin
      return page.goto(url)
    },
  }
}

/** @param {Page} page @param {string} table */
export const rows = (page, table) => page.locator(`#${table} tbody tr`).count()
/** @param {Page} page @param {string} selector */
// biome-ignore lint/performance/useDomNodeTextContent: as it is laid out, with separated cells
export const textOf = (page, selector) => page.locator(selector).innerText()
/** @param {Page} page */
export const stateOf = (page) => page.locator('#link').getAttribute('data-state')
/** @param {Page} page */
export const isLive = (page) => until(async () => (await stateOf(page)) === 'live')
/** Each chart's first line as it is drawn now. @param {Page} page @returns {Promise<string[]>} */
export const chartLines = (page) =>
  page
    .locator('.chart .plot')
    .evaluateAll((plots) => plots.map((plot) => plot.querySelector('path').outerHTML))

/** How wide the page is, and how wide what it is seen in. @param {Page} page */
export const widths = (page) =>
  page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])

/**
 * What axe finds that is serious or worse, in few words.
 * @param {import('playwright-core').Page} page
 */
export async function seriousFindings(page) {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => globalThis.axe.run())
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('\n')}`,
    )
}
