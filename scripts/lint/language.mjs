// Holds the rules of the project's language: see "Words" in ARCHITECTURE.md.
// `node scripts/lint/language.mjs` prints the breaches of all tracked files and commits.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commentsOf } from './comments.mjs'

const LONGEST_LINE = 100
const LONGEST_SUBJECT = 72
const generated = /^(binding\.(js|d\.ts)|npm\/)/
const script = /\.(js|mjs|ts)$/
/** The files whose comments follow the rules of words. */
const worded = /^(src|simulation|warden|watcher)\/.*\.rs$|^lib\/.*\.(js|mjs)$|\.d\.ts$/

const vagueStart = /^(What|Who|Whoever|Whom|Whose|Whether|How|When|Of|There('s| is| are))\b/
const peopleOnly = /\b(who|whoever|whom|(some|no|any)body|someone|anyone)\b/gi

/**
 * @typedef {{ line: number, rule: string, text: string }} Breach
 */

/**
 * Returns the breaches in a file, from top to bottom.
 * @param {string} name the file's path from the repository's root, with slashes
 * @param {string} text
 * @returns {Breach[]}
 */
export function languageBreaches(name, text) {
  if (generated.test(name)) return []
  const sourceLines = text.split('\n')
  const long = script.test(name) && sourceLines.some((line) => line.length > LONGEST_LINE)
  if (!long && !worded.test(name)) return []

  const comments = commentsOf(name, text)
  return [
    ...(worded.test(name) ? comments.flatMap(wordBreaches) : []),
    ...(long ? longCommentLines(comments, sourceLines) : []),
  ].sort((one, other) => one.line - other.line)
}

function wordBreaches({ line, doc, lines }) {
  const breaches = []
  const first = lines.findIndex((text) => text !== '')
  const start = lines[first]?.match(vagueStart)
  if (doc && start)
    breaches.push({
      line: line + first,
      rule: `a doc comment starts with a verb or a noun phrase, not with "${start[0]}"`,
      text: lines[first],
    })
  for (const [index, text] of lines.entries())
    for (const [word] of text.replace(/`[^`]*`/g, '``').matchAll(peopleOnly))
      breaches.push({ line: line + index, rule: `"${word}" is a person`, text })
  return breaches
}

function longCommentLines(comments, sourceLines) {
  const numbers = new Set(
    comments
      .filter(({ amidst }) => !amidst)
      .flatMap(({ line, lines }) => lines.map((_, index) => line + index)),
  )
  return [...numbers]
    .map((line) => ({ line, text: sourceLines[line - 1] }))
    .filter(({ text }) => text.length > LONGEST_LINE)
    .map(({ line, text }) => ({
      line,
      rule: `a comment's line has at most ${LONGEST_LINE} characters`,
      text: text.trim(),
    }))
}

/**
 * Returns the rule that a commit's subject breaks, or undefined.
 * @param {string} subject
 */
export function subjectBreach(subject) {
  if (subject.length > LONGEST_SUBJECT)
    return `a commit's subject has at most ${LONGEST_SUBJECT} characters`
  if (!/^[a-z0-9_.,/ -]+: [a-z]/.test(subject)) return `a commit's subject is "area: imperative"`
}

/**
 * Returns the breaches of the commits after the one that added this lint, or undefined where the
 * history does not reach back to it.
 * @param {string} root the repository's folder
 * @returns {{ commit: string, rule: string, text: string }[] | undefined}
 */
export function commitBreaches(root) {
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  const path = 'scripts/lint/language.mjs'
  const added = git('log', '--diff-filter=A', '--format=%H', '--', path).split('\n').at(-1)
  if (!added) return undefined
  const commits = git('log', '--no-merges', '--ancestry-path', '--format=%h %s', `${added}..HEAD`)
  return commits
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [commit] = line.split(' ', 1)
      const text = line.slice(commit.length + 1)
      return { commit, rule: subjectBreach(text), text }
    })
    .filter(({ rule }) => rule)
}

/**
 * Prints all breaches of the tracked files and of the commits, and returns their number.
 * @param {string} root the repository's folder
 */
export function lintLanguage(root) {
  let count = 0
  const print = (where, { rule, text }) => {
    console.error(`${where}: ${rule}: ${text}`)
    count++
  }
  const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' })
  for (const name of tracked.split('\n').filter((name) => script.test(name) || worded.test(name)))
    for (const breach of languageBreaches(name, readFileSync(join(root, name), 'utf8')))
      print(`${name}:${breach.line}`, breach)

  const commits = commitBreaches(root)
  if (!commits) console.log('No subject of a commit was checked: the history is too short.')
  for (const breach of commits ?? []) print(`commit ${breach.commit}`, breach)
  return count
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const count = lintLanguage(join(import.meta.dirname, '../..'))
  console.log(`${count} breaches of the language rules`)
  process.exitCode = count > 0 ? 1 : 0
}
