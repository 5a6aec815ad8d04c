'use strict'

const { EXIT } = require('../failure')
const { help } = require('../help')

/** @type {import('../main').Run} */
async function run({ topic }, output) {
  const text = help(topic, output.room.columns)
  if (output.isJson) output.document('help', { topic: topic ?? null, lines: text.split('\n') })
  else output.raw(`${text}\n`)
  return EXIT.ok
}

module.exports = { run }
