// Draws `plots/SUITE.svg` from RESULTS.json; `npm run bench` does so at its end.

import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { barChart } from './support/bar-chart.mjs'
import { keptResults } from './support/results.mjs'

/**
 * A suite says what is worth a picture in `plot`; else it is all that has somebody to be compared
 * with.
 * @param {import('./support/report.mjs').Results} suite
 */
function worthIt({ figures, plot }) {
  const compared = figures.filter(({ peers }) => Object.keys(peers).length > 1)
  return plot === undefined ? compared : compared.filter(({ what }) => plot.includes(what))
}

export function drawPlots() {
  const folder = new URL('plots/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  for (const suite of keptResults()) {
    if ('skipped' in suite) continue
    const chart = barChart(`Benches: ${suite.title}`, worthIt(suite), (peer) =>
      peer.includes('procward'),
    )
    writeFileSync(new URL(`${suite.title}.svg`, folder), chart)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) drawPlots()
