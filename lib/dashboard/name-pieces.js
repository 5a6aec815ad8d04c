// Where a name may go on in the next line.

/** The least length of a piece, so that no line is a syllable. */
const LEAST = 8
/**
 * The greatest length of a piece, because a table needs room for its other columns. A name of this
 * length is one piece.
 */
const MOST = 16
const LONG_WORD = new RegExp(`.{1,${MOST}}`, 'gsu')
/** The greatest length of a line, also where a table has room. */
const LINE = 32

/**
 * @typedef {{ text: string, isBreak: boolean }} Piece
 *   `isBreak`: true if the line would be too long with the next piece
 */

/**
 * Returns the pieces of a name. They end where words meet; a word of great length is cut.
 * @param {string} name
 * @returns {Piece[]}
 */
export function namePieces(name) {
  const words = name.split(/(?<=[_./-])/).flatMap((word) => word.match(LONG_WORD) ?? [])
  /** @type {string[]} */
  const texts = []
  for (const word of words) {
    const last = texts.at(-1)
    const isWhole = name.length <= MOST
    const isSmall = last !== undefined && (last.length < LEAST || word.length < LEAST)
    if (last !== undefined && (isWhole || (isSmall && last.length + word.length <= MOST)))
      texts[texts.length - 1] = last + word
    else texts.push(word)
  }
  let line = 0
  return texts.map((text, at) => {
    line += text.length
    const next = texts[at + 1]?.length ?? 0
    const isBreak = next > 0 && line + next > LINE
    if (isBreak) line = 0
    return { text, isBreak }
  })
}
