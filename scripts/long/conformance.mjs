// Runs the client scenarios of the protocol's official conformance suite over a small client on
// McpPool, at each version of the protocol that a scenario has. The suite runs on Node.js 24, the
// client on this one. Scenarios of OAuth are in the table and not in the sum, and so are those of
// extensions. `node scripts/long/conformance.mjs WORD` runs only the scenarios with the word in
// their name. The addon has to be built.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runScenario, scenariosOf } from './conformance/suite.mjs'
import { rowsOf, sumOf } from './conformance/table.mjs'
import { Skip } from './support/checks.mjs'
import { folder, nodeProgram, npmPackages } from './support/install.mjs'

const PACKAGE = '@modelcontextprotocol/conformance'
const VERSIONS = ['0.2.0-alpha.12', '0.1.16']
const NODE = '24'

const word = process.argv[2] ?? ''
const total = { passed: 0, failed: 0, skipped: 0 }
mkdirSync(folder, { recursive: true })
const place = mkdtempSync(join(folder, 'conformance-'))
for (const version of VERSIONS) {
  try {
    const node = await nodeProgram(NODE)
    const packages = await npmPackages(`conformance-${version}`, { [PACKAGE]: version })
    const suite = { node, file: join(packages, 'node_modules', PACKAGE, 'dist', 'index.js') }
    await run(version, suite)
  } catch (error) {
    if (!(error instanceof Skip)) throw error
    console.log(`skipped: conformance ${version}: ${error.message}`)
    total.skipped++
  }
}
rmSync(place, { recursive: true, force: true })
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
if (total.failed > 0) process.exitCode = 1

/** @param {string} version @param {import('./conformance/suite.mjs').Suite} suite */
async function run(version, suite) {
  console.log(`\n# conformance ${version}`)
  const outcomes = []
  for (const scenario of await scenariosOf(suite)) {
    if (!scenario.name.includes(word)) continue
    const outcome = await runScenario(suite, scenario, place)
    outcomes.push(outcome)
    for (const row of rowsOf([outcome])) console.log(row)
  }
  const { counted, others } = sumOf(outcomes)
  total.passed += counted.passed
  total.failed += counted.failed
  for (const { kind, scenarios, passing } of others)
    console.log(`${kind}, not in the sum: ${passing} of ${scenarios} scenarios pass`)
}
