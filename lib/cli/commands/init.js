'use strict'

// Prints the lines that the app in this folder needs. Changes nothing.

const { EXIT } = require('../failure')
const { appIn } = require('../init/app')
const { stepsOf } = require('../init/steps')
const { plain, wrapped } = require('../text')

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
      'no Express, Fastify or plain HTTP server was found in this folder or in src; ' +
        'docs/getting-started.md has a whole server',
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
        output.style('bold', `${plain(where)}:`),
        ...lines.map((line) => `  ${plain(line, Infinity)}`),
      ])
  }
  return EXIT.ok
}

module.exports = { run }
