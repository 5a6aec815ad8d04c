// Writes the tables of docs/ that derive from the code; with `--check`, fails where one differs.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configurationTables } from './docs/configuration.mjs'
import { replaceSection } from './docs/table.mjs'
import { root } from './steps.mjs'

const DOCUMENTS = { 'configuration.md': configurationTables }

for (const [name, tables] of Object.entries(DOCUMENTS)) {
  const file = join(root, 'docs', name)
  const before = readFileSync(file, 'utf8')
  const after = Object.entries(tables()).reduce(
    (text, [section, table]) => replaceSection(text, section, table),
    before,
  )
  if (after === before) continue
  if (process.argv.includes('--check')) {
    console.error(`docs/${name} differs from the code: run node scripts/docs.mjs`)
    process.exitCode = 1
  } else writeFileSync(file, after)
}
