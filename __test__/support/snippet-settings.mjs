// What stands around the snippets of the documents that are a part of a program: the lines before,
// and what a reader is told to have.

/**
 * @typedef {object} Setting
 * @property {string} starts - the first words of the snippet
 * @property {string} [before]
 * @property {string} [after]
 * @property {string} [request] - a path: the snippet is a server, which has to answer it with 200
 */

const EXPRESS = `const app = require('express')()\n`
const HELPER = `const { createMcpHelper } = require('procward/mcp-helper')\n`
/** Ends what would go on, so that a snippet ends. */
const END = `\nawait require('procward').shutdown()`

/** @type {Setting[]} */
export const SETTINGS = [
  {
    starts: "app.use('/api/health', require('procward/health')",
    before: EXPRESS,
    after: '\napp.listen(process.env.PORT)',
    request: '/api/health/dashboard',
  },
  {
    starts: "app.use('/api/health', onlyAdmins",
    before: `${EXPRESS}const { healthRouter } = require('procward/health')
             const onlyAdmins = (req, res, next) => next()\n`,
    after: '\napp.listen(process.env.PORT)',
    request: '/api/health/live',
  },
  {
    starts: 'const { createServer } = require',
    request: '/api/health',
  },
  { starts: "const express = require('express')", request: '/echo' },
  { starts: 'import express, { type Request', request: '/echo' },
  { starts: "import Fastify from 'fastify'", request: '/echo' },
  { starts: "const procward = require('procward')\n\nprocward.on('alert'", after: END },
  { starts: 'startAlerts({', before: `const { startAlerts } = require('procward')\n`, after: END },
  {
    starts: "procward.on('undelivered'",
    before: `const procward = require('procward')
             const webhook = { url: 'http://127.0.0.1:9093/api/v2/alerts' }\n`,
    after: END,
  },
  { starts: 'const { cleanup } = require', after: END },
  {
    starts: 'const helper = createMcpHelper({',
    before: HELPER,
    after: '\nawait helper.shutdown()',
  },
  {
    starts: 'const pool = new McpPool({\n  handlers',
    before: `const { McpPool } = require('procward')
             const askSomebody = async () => undefined
             const complete = async () => ''\n`,
    after: '\nawait pool.close()',
  },
  {
    starts: "const { McpPool } = require('procward')\n\nconst pool",
    after: '\nawait unsubscribe()\nawait pool.close()',
  },
]

/** @param {string} text @returns {Setting | undefined} */
export function settingOf(text) {
  return SETTINGS.find(({ starts }) => text.startsWith(starts))
}
