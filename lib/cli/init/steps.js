'use strict'

// The lines that an app needs: a pure function.

/** @typedef {import('./app').App} App */
/**
 * @typedef {'install' | 'import' | 'routes' | 'cleanup' | 'listen' | 'shutdown' | 'guard'} Kind
 * @typedef {{ kind: Kind, where: string, lines: string[] }} Step
 */

const MOUNT = '/api/health'

/** Returns what the app lacks, in the order of its files. @param {App} app @returns {Step[]} */
function stepsOf(app) {
  const { file, startFile, has } = app
  const steps = /** @type {(Step | false)[]} */ ([
    !has.package && { kind: 'install', where: 'in a shell', lines: ['npm install procward'] },
    ...imported(app),
    !has.routes && { kind: 'routes', where: `${file}, ${routesPlace(app)}`, lines: routes(app) },
    !has.cleanup && {
      kind: 'cleanup',
      where: `${startFile}, where the server starts`,
      lines: ['cleanup.start()'],
    },
    !has.shutdown && !app.handlesSignals && keptServer(app),
    !has.shutdown && shutdownStep(app),
    !has.guard && guard(app),
  ])
  return steps.filter((step) => step !== false)
}

/** @param {App} app @returns {Step[]} */
function imported({ file, startFile, framework, usesImport, isTypeScript, has }) {
  const names = [...(has.cleanup ? [] : ['cleanup']), ...(has.shutdown ? [] : ['shutdown'])]
  const from = (/** @type {string} */ list, /** @type {string} */ module) =>
    usesImport ? `import { ${list} } from '${module}'` : `const { ${list} } = require('${module}')`
  const start = names.length === 0 ? [] : [from(names.join(', '), 'procward')]
  const health = [
    ...(has.routes ? [] : [from('healthRouter', 'procward/health')]),
    ...(!has.routes && framework === 'fastify' && isTypeScript
      ? ["import type { FastifyReply, FastifyRequest } from 'fastify'"]
      : []),
  ]
  const step = (/** @type {string} */ where, /** @type {string[]} */ lines) =>
    lines.length === 0 ? [] : [{ kind: /** @type {const} */ ('import'), where, lines }]
  if (startFile === file) return step(`${file}, at the top`, [...start, ...health])
  return [...step(`${file}, at the top`, health), ...step(`${startFile}, at the top`, start)]
}

/** @param {App} app */
function routesPlace({ framework }) {
  return framework === 'http' ? 'first in the handler of requests' : 'before the other routes'
}

/** @param {App} app */
function routes({ framework, name, isTypeScript }) {
  if (framework === 'express') return [`${name}.use('${MOUNT}', healthRouter())`]
  if (framework === 'http')
    return [
      `const health = healthRouter({ prefix: '${MOUNT}' }) // once, outside of the handler`,
      `if (req.url${isTypeScript ? '?' : ''}.startsWith('${MOUNT}')) return health(req, res)`,
    ]
  const types = isTypeScript ? [': FastifyRequest', ': FastifyReply'] : ['', '']
  return [
    `const health = healthRouter({ prefix: '${MOUNT}' })`,
    `const answer = (request${types[0]}, reply${types[1]}) => {`,
    '  reply.hijack() // procward writes the answer',
    '  health(request.raw, reply.raw)',
    '}',
    `${name}.all('${MOUNT}', answer)`,
    `${name}.all('${MOUNT}/*', answer)`,
  ]
}

/**
 * Gives the server a variable, which its shutdown needs.
 * @param {App} app
 * @returns {Step | false}
 */
function keptServer({ startFile, framework, name, server, listening }) {
  if (framework === 'fastify' || server !== undefined) return false
  if (listening === undefined)
    return {
      kind: 'listen',
      where: `${startFile}, in place of ${name}.listen(...), with its arguments`,
      lines: [`const server = ${name}.listen(/* the arguments */)`],
    }
  const where = `${startFile}, in place of the same line without a variable`
  return { kind: 'listen', where, lines: [`const server = ${listening}`] }
}

/** @param {App} app @returns {Step} */
function shutdownStep({ startFile, framework, name, server, handlesSignals }) {
  const wait = 'await shutdown() // running calls get 5 s, then every process is terminated'
  if (handlesSignals)
    return {
      kind: 'shutdown',
      where: `${startFile}, in the handler of SIGTERM and SIGINT`,
      lines: [wait],
    }
  const close =
    framework === 'fastify'
      ? `${name}.close() // takes no new connections`
      : `${server ?? 'server'}.close() // takes no new connections`
  const lines = [
    "for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop)",
    'async function stop() {',
    `  ${close}`,
    `  ${wait}`,
    '  setTimeout(process.exit, 1000).unref() // time for the last answers',
    '}',
  ]
  return { kind: 'shutdown', where: `${startFile}, at the end`, lines }
}

/** @param {App} app @returns {Step} */
function guard({ start, file }) {
  const where = 'package.json, to guard the children that libraries start'
  const [, rest] = /^node\s+(.+)$/.exec(start ?? '') ?? []
  const command = rest ?? (start === undefined && /js$/.test(file) ? file : undefined)
  if (command !== undefined)
    return {
      kind: 'guard',
      where,
      lines: [`"start": "node --require procward/register ${command}"`],
    }
  const line = 'NODE_OPTIONS="$(npx procward register)" npm start'
  return {
    kind: 'guard',
    where: 'in a shell, to guard the children that libraries start',
    lines: [line],
  }
}

module.exports = { stepsOf }
