// Writes the licence texts of the crates that are linked into an addon.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The files of a crate that hold a licence or a notice. */
const TEXT = /^(licen[cs]e|copying|copyright|notice|unlicense)/i
/** The licences, best first, whose text is taken from here for a crate that carries none. */
const STANDARD = ['MIT', 'BSD-3-Clause']
const LINE = '='.repeat(100)

/**
 * Returns the licence texts of these crates, each text once.
 * @param {import('./crates.mjs').Crate[]} crates
 */
export function licenceTexts(crates) {
  /** @type {Map<string, string[]>} */
  const texts = new Map()
  for (const crate of crates)
    for (const text of textsOf(crate)) {
      const key = text.trimEnd()
      texts.set(key, [...(texts.get(key) ?? []), `${crate.name} ${crate.version}`])
    }
  return thirdPartyText(crates, texts)
}

/**
 * Returns the whole file.
 * @param {Pick<import('./crates.mjs').Crate, 'name' | 'version' | 'license'>[]} crates
 * @param {Map<string, string[]>} texts the crates of each licence text
 */
export function thirdPartyText(crates, texts) {
  const list = crates.map(({ name, version, license }) => `  ${name} ${version}: ${license}`)
  const parts = [...texts].map(
    ([text, names]) => `${LINE}\n${names.join(', ')}\n${LINE}\n\n${text}\n`,
  )
  return [
    'The addon contains these crates:',
    `${list.join('\n')}\n\nTheir licences follow. Those of Rust's standard library are in`,
    `RUST-LIBRARY-LICENSES.html.\n\n${parts.join('\n')}`,
  ].join('\n')
}

/** @param {import('./crates.mjs').Crate} crate */
function textsOf({ name, license, authors, folder }) {
  const files = readdirSync(folder, { withFileTypes: true }).filter(
    (file) => file.isFile() && TEXT.test(file.name),
  )
  if (files.length > 0) return files.map((file) => readFileSync(join(folder, file.name), 'utf8'))
  return [standardText(name, license, authors)]
}

/**
 * Returns the standard text of a crate's licence, with its authors as the holders of the rights.
 * @param {string} name of the crate
 * @param {string} license
 * @param {string[]} authors
 */
export function standardText(name, license, authors) {
  const choices = license.split(/ OR /)
  const id = STANDARD.find((id) => choices.includes(id))
  if (id === undefined) throw new Error(`${name} carries no licence text; it is under ${license}`)
  const text = readFileSync(new URL(`texts/${id}.txt`, import.meta.url), 'utf8')
  const holders = authors.map((author) => author.replace(/ <.*$/, '')).join(', ')
  return text.replace('HOLDERS', holders || `the authors of ${name}`)
}
