// Takes the picture of the dashboard for README: the example server while it works through the
// demo's calls. `node scripts/docs/picture.mjs` after a change of the page; needs Chromium.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isLive, launch } from '../../__test__/support/browser.mjs'
import { lifecycle } from '../../__test__/support/lifecycle.mjs'
import { ServerProcess } from '../../examples/ad-ops/demo/server-process.js'
import { root } from '../steps.mjs'

/** How many times the demo's calls are made, so that the charts show more than one peak. */
const ROUNDS = 8
const PAUSE = 2000
const FILE = join(root, 'docs', 'images', 'dashboard.png')

const server = await ServerProcess.start({})
const browser = await launch()
try {
  const page = await browser.newPage({ viewport: { width: 1100, height: 1000 } })
  await page.goto(`${server.url}/api/health/dashboard`)
  await isLive(page)
  for (let round = 0; round < ROUNDS; round++) {
    if (round === ROUNDS - 1) setTimeout(() => page.screenshot({ path: FILE }), PAUSE / 2)
    await lifecycle(server)
    await sleep(PAUSE)
  }
} finally {
  await browser.close()
  await server.stop()
}
