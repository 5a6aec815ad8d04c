// Finds the comments of a source file, and none of the strings that look like one.
import ts from 'typescript'

/**
 * One comment: its text without the signs that mark it, line by line, and the number of its first
 * line. Consecutive line comments of one kind are one comment. A block comment within a line of
 * code is `amidst` code.
 * @typedef {{ line: number, doc: boolean, amidst: boolean, lines: string[] }} Comment
 */

/**
 * Returns the comments of a file, from top to bottom.
 * @param {string} name
 * @param {string} text
 * @returns {Comment[]}
 */
export function commentsOf(name, text) {
  const ranges = name.endsWith('.rs') ? rustRanges(text) : scriptRanges(name, text)
  const isDoc = name.endsWith('.rs') ? isRustDoc : isScriptDoc
  const lineStarts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1))
    lineStarts.push(at + 1)

  const comments = []
  let line = 0
  let previous
  for (const { start, end } of ranges) {
    while (line + 1 < lineStarts.length && lineStarts[line + 1] <= start) line++
    const source = text.slice(start, end)
    const marker = source.match(/^\/\/[/!]?/)?.[0]
    const startsLine = text.slice(lineStarts[line], start).trim() === ''
    const continues =
      marker && startsLine && previous?.marker === marker && previous.lastLine === line - 1
    if (continues) {
      previous.comment.lines.push(plain(source))
      previous.lastLine = line
      continue
    }
    const comment = {
      line: line + 1,
      doc: isDoc(source),
      amidst: !marker && !startsLine && !source.includes('\n'),
      lines: source.split('\n').map(plain),
    }
    comments.push(comment)
    previous = { comment, marker, lastLine: line }
  }
  return comments
}

const isRustDoc = (source) =>
  /^\/\/\/(?!\/)|^\/\/!|^\/\*!/.test(source) || /^\/\*\*(?![*/])/.test(source)
const isScriptDoc = (source) => /^\/\*\*(?![*/])/.test(source)

const plain = (line) =>
  line
    .replace(/\*\/\s*$/, '')
    .replace(/^\s*(\/\/[/!]?|\/\*[*!]?|\*(?!\*))/, '')
    .trim()

/** The comments of JavaScript and TypeScript, by TypeScript's own parser. */
function scriptRanges(name, text) {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, false)
  const ranges = new Map()
  const collect = (found) => {
    for (const { pos, end } of found ?? []) ranges.set(pos, { start: pos, end })
  }
  const visit = (node) => {
    if (ts.isJSDoc(node)) return
    const children = node.getChildren(file)
    if (children.length > 0 && !ts.isToken(node)) return children.forEach(visit)
    // Trivia starts at `pos` and its trailing part at the end of the token before; both are asked
    // for, because one of the two ends at the first line break.
    collect(ts.getLeadingCommentRanges(text, node.pos))
    collect(ts.getTrailingCommentRanges(text, node.pos))
  }
  visit(file)
  return [...ranges.values()].sort((one, other) => one.start - other.start)
}

/** The comments of Rust. Strings, raw strings, characters and nested comments are seen as such. */
function rustRanges(text) {
  const ranges = []
  let at = 0
  const skip = (pattern) => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found) at = pattern.lastIndex
    return found
  }
  while (at < text.length) {
    const start = at
    if (skip(/\/\/[^\n]*/y)) ranges.push({ start, end: at })
    else if (text.startsWith('/*', at)) {
      at = endOfBlock(text, at)
      ranges.push({ start, end: at })
    } else if (skip(/\b(?:[bc]?r)(#*)"/y)) {
      const closing = `"${text.slice(start, at).match(/#*(?="$)/)[0]}`
      const end = text.indexOf(closing, at)
      at = end < 0 ? text.length : end + closing.length
    } else if (!skip(/"(?:[^"\\]|\\[\s\S])*"?/y) && !skip(/'(?:[^'\\\n]|\\[\s\S][^'\n]*)'/uy)) {
      // A lifetime's quote, or a word that must not be split: `r` begins a raw string only.
      if (!skip(/[A-Za-z_0-9]+(?!["#])/y)) at++
    }
  }
  return ranges
}

/** The end of the block comment that starts at `at`. Rust's block comments nest. */
function endOfBlock(text, at) {
  let depth = 0
  const sign = /\/\*|\*\//g
  sign.lastIndex = at
  for (let found = sign.exec(text); found; found = sign.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1
    if (depth === 0) return sign.lastIndex
  }
  return text.length
}
