'use strict'

const { EXIT } = require('../failure')
const { processLines } = require('../process-lines')
const { rowsOf, scan } = require('../processes')
const { counted, wrapped } = require('../text')

/** @type {import('../main').Run} */
async function run({ yes }, output) {
  const look = await scan({ dryRun: true })
  // Read before they end: afterwards there is nothing to read.
  const seen = await rowsOf({ ...look, skipped: [] })
  const { killed, errors } = yes ? await scan({ dryRun: false }) : look
  const ended = new Set(yes ? killed.map(({ pid }) => pid) : [])
  const late = await rowsOf({
    ...look,
    killed: killed.filter(({ pid }) => !seen.some((row) => row.pid === pid)),
    skipped: [],
  })
  const orphans = [...seen, ...late]
  output.document('clean', {
    dryRun: !yes,
    orphans: orphans.map(({ server, starting, tools, ...row }) => ({
      ...row,
      ended: ended.has(row.pid),
    })),
    errors,
  })
  if (orphans.length > 0) output.lines(processLines(orphans, { why: true }, output))
  const words = verdict(orphans.length, yes ? ended.size : undefined)
  output.lines(wrapped(words, output.room.columns, 0))
  for (const { pid, message } of errors) output.error(`${pid}: ${message}`)
  if (errors.length > 0) return EXIT.problem
  return yes || orphans.length === 0 ? EXIT.ok : EXIT.problem
}

/** @param {number} found @param {number} [ended] */
function verdict(found, ended) {
  if (found === 0) return 'nothing to clean up'
  const left = `${counted(found, 'process', 'processes')} left behind by dead servers`
  return ended === undefined
    ? `${left}; procward clean --yes ends what is left behind`
    : `${left}, ${ended} ended`
}

module.exports = { run }
