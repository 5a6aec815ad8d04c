// The queries of the dashboard, as Grafana would send them.

import { readFileSync } from 'node:fs'

const DASHBOARD = new URL('../../../docs/recipes/grafana-dashboard.json', import.meta.url)
/** The values of Grafana's variables. @type {Record<string, string>} */
const VARIABLES = { __rate_interval: '1m', job: '.*', instance: '.*' }

/** @returns {{ title: string, expr: string }[]} */
export function dashboardQueries() {
  const { panels, annotations } = JSON.parse(readFileSync(DASHBOARD, 'utf8'))
  const targets = panels.flatMap((/** @type {any} */ { title, targets }) =>
    targets.map((/** @type {any} */ { expr }) => ({ title, expr: filled(expr) })),
  )
  if (targets.length === 0 || annotations.list.length === 0) throw new Error('an empty dashboard')
  return targets
}

/** @param {string} expr */
function filled(expr) {
  return expr.replace(/\$(\w+)/g, (_, name) => {
    if (!Object.hasOwn(VARIABLES, name)) throw new Error(`an unknown variable: ${name}`)
    return VARIABLES[name]
  })
}
