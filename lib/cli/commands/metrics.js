'use strict'

const { EXIT } = require('../failure')
const { samplesOf } = require('../samples')
const { strange } = require('../server')
const { plain } = require('../text')
const { theServer } = require('../which-server')

const PROMETHEUS = 'text/plain; version=0.0.4'

/** @type {import('../main').Run} */
async function run(request, output) {
  const server = await theServer(request, output)
  const { type, text } = await server.ask('/metrics', { accept: PROMETHEUS })
  const samples = samplesOf(text)
  if (!type.startsWith('text/plain') || samples === undefined) throw strange(server)
  output.document('metrics', { url: server.url, samples })
  output.lines(
    text
      .trimEnd()
      .split('\n')
      .map((line) => plain(line, Infinity)),
  )
  return EXIT.ok
}

module.exports = { run }
