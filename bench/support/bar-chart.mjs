// Figures as an SVG picture that reads on light and on dark pages.

/** @typedef {import('./report.mjs').Figure} Figure */

const WIDTH = 760
const NAMES = 200
const VALUES = 130
const ROW = 20
const HEAD = 34
const BAR = 12

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #444 }
  .what { font-weight: 600; fill: #111 }
  .name { text-anchor: end }
  .bar { fill: #a8b2bd }
  .ours { fill: #2f6fb5 }
  .spread { stroke: #555; stroke-width: 1 }
  @media (prefers-color-scheme: dark) {
    text { fill: #bbb } .what { fill: #eee } .bar { fill: #5a646e } .ours { fill: #5b9be0 } .spread { stroke: #ccc }
  }
`

/**
 * One group of bars for each figure, the shortest first, each on a scale of its own from zero.
 * @param {string} title
 * @param {Figure[]} figures
 * @param {(peer: string) => boolean} isOurs
 */
export function barChart(title, figures, isOurs) {
  let top = 0
  const groups = figures.map((figure) => {
    const group = bars(figure, isOurs, top)
    top += HEAD + ROW * (group.length - 1)
    return group
  })
  const height = top + 10
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    ...groups.flat(),
    '</svg>',
    '',
  ].join('\n')
}

/** @param {Figure} figure @param {(peer: string) => boolean} isOurs @param {number} top */
function bars({ what, unit, peers }, isOurs, top) {
  const rows = Object.entries(peers)
    .filter(([, { most }]) => Number.isFinite(most))
    .sort(([, one], [, other]) => one.median - other.median)
  const longest = Math.max(...rows.map(([, { most }]) => most)) || 1
  const x = (value) => ((WIDTH - NAMES - VALUES) * value) / longest
  const head = `<text class="what" x="0" y="${top + 20}">${escaped(`${what}, ${unit}`)}</text>`
  const lines = rows.map(([name, { median, least, most }], row) => {
    const y = top + HEAD + ROW * row
    const middle = y + BAR / 2
    return [
      `<text class="name" x="${NAMES - 8}" y="${y + 10}">${escaped(name)}</text>`,
      `<rect class="${isOurs(name) ? 'bar ours' : 'bar'}" x="${NAMES}" y="${y}" width="${digits(Math.max(x(median), 1))}" height="${BAR}"/>`,
      `<line class="spread" x1="${digits(NAMES + x(least))}" y1="${middle}" x2="${digits(NAMES + x(most))}" y2="${middle}"/>`,
      `<text x="${digits(NAMES + x(most) + 8)}" y="${y + 10}">${shown(median)}</text>`,
    ].join('')
  })
  return [head, ...lines]
}

/** @param {number} value */
function digits(value) {
  return Number(value.toFixed(1))
}

/** Three digits. @param {number} value */
function shown(value) {
  return value >= 100
    ? Math.round(value).toLocaleString('en')
    : String(Number(value.toPrecision(3)))
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('`', '')
}
