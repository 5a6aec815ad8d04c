'use strict'

// Prints the lines that the app in this folder needs. Changes nothing.

const path = require('node:path')
const { EXIT } = require('../failure')
const { appIn } = require('../init/app')
const { stepsOf } = require('../init/steps')
const { plain, wrapped } = require('../text')

const GETTING_STARTED = path.join(__dirname, '../../../docs/getting-started.md')
const FRAMEWORKS = {
  express: 'an Express app',
  fastify: 'a Fastify app',
  http: 'a plain HTTP server',
}

/** @type {import('../main').Run} */
async function run(_, output) {
  const app = appIn(process.cwd())
  if (app === undefined) {
    output.document('init', { app: null, steps: [] })
    output.error(
      'no Express, Fastify or plain HTTP server was found in main and scripts.start of package.json, ' +
        'and in the .js, .mjs, .cjs and .ts files of this folder and of src; ' +
        `${path.relative('', GETTING_STARTED)} has a whole server`,
    )
    return EXIT.problem
  }
  const { framework, usesImport, isTypeScript, file } = app
  const steps = stepsOf(app)
  const modules = usesImport ? 'module' : 'commonjs'
  output.document('init', { app: { framework, modules, typescript: isTypeScript, file }, steps })
  const language = isTypeScript ? 'TypeScript' : usesImport ? 'ES modules' : 'CommonJS'
  const found = `${plain(file)} is ${FRAMEWORKS[framework]} in ${language}.`
  const { columns } = output.room
  if (steps.length === 0)
    output.lines(wrapped(`${found} It has all that procward needs.`, columns, 0))
  else {
    output.lines(wrapped(`${found} It needs these lines; nothing was changed.`, columns, 0))
    for (const { where, lines } of steps)
      output.lines([
        '',
        ...wrapped(`${plain(where)}:`, columns, 0).map((line) => output.style('bold', line)),
        ...lines.map((line) => `  ${plain(line, Infinity)}`),
      ])
  }
  return EXIT.ok
}

module.exports = { run }
