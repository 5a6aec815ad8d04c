// `npm run bench:check`: fails when something costs much more than it did. Only what holds on a
// busy machine: sizes, counts, and CPU time beside something else's in the same run, each with so
// much room that no noise fills it.

import { readdirSync } from 'node:fs'

/** @typedef {{ what: string, is: number, most: number }} Check */

let failed = 0
for (const file of readdirSync(new URL('checks', import.meta.url)).sort()) {
  const { checks } = await import(`./checks/${file}`)
  for (const { what, is, most } of /** @type {Check[]} */ (await checks())) {
    const holds = is <= most
    if (!holds) failed++
    console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}: ${Number(is.toPrecision(3))}, at most ${most}`)
  }
}
if (failed > 0) {
  console.error(
    `\n${failed} of the figures above are worse than they may be: \`npm run bench\` measures in detail.`,
  )
  process.exit(1)
}
