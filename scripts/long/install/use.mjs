// The checks of one Node.js: tarballs are installed in empty apps of it, and used there.

/**
 * @typedef {object} Tarballs
 * @property {string} main
 * @property {Record<string, string>} platforms
 * @property {string[]} others those of the dependencies
 * @property {string} server a real MCP server
 */

/**
 * Makes the checks; returns whether all have passed.
 * @param {import('../support/checks.mjs').Checks} checks
 * @param {string} label of the Node.js
 * @param {() => import('./app.mjs').App | Promise<import('./app.mjs').App>} prepare
 * @param {Tarballs | undefined} tarballs
 * @param {string} target the platform of that Node.js
 */
export async function usedIn(checks, label, prepare, tarballs, target) {
  const named = (/** @type {string} */ what) => `${label}: ${what}`
  const needs = (/** @type {unknown} */ needed) => needed ?? false
  const app = await checks.check(
    named('there is no Rust, and no network where one can be shut out'),
    prepare,
    needs(tarballs),
  )
  const refused = await checks.check(
    named('without the package of the platform, the app says so'),
    () => app.install([tarballs.main, ...tarballs.others], 'without').refuses(target),
    needs(app),
  )
  const installed = await checks.check(
    named('npm install --offline'),
    () => app.install(allFor(tarballs, target), 'whole'),
    needs(app),
  )
  const steps = {
    [`the addon is that of procward-${target}`]: () => installed.loads(target),
    "the seed's test script": () => installed.seedTest(),
    'a call of a real MCP server': () => installed.mcpCall(),
  }
  const outcomes = [refused]
  for (const [what, step] of Object.entries(steps))
    outcomes.push(await checks.check(named(what), step, needs(installed)))
  return outcomes.every(Boolean)
}

/** @param {Tarballs} tarballs @param {string} target */
function allFor({ main, platforms, others, server }, target) {
  return [main, platforms[target], ...others, server]
}
