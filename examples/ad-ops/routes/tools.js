'use strict'

// POST /api/tools/:server/:tool with the tool's arguments as a JSON body answers { result }, or {
// error: { code, message } }.

const express = require('express')
const { callToolAsync } = require('../scripts/mcp-helper')

const STATUS = {
  ERR_INVALID_ARG_TYPE: 400,
  ERR_INVALID_ARG_VALUE: 400,
  ERR_UNKNOWN_SERVER: 404,
  ERR_UNKNOWN_TOOL: 404,
  ERR_TOOL: 422,
  ERR_MCP: 502,
  ERR_MCPORTER: 502,
  ERR_SERVER_START: 502,
  ERR_SERVER_EXITED: 502,
  ERR_MAX_BUFFER: 502,
  ERR_QUEUE_FULL: 503,
  ERR_QUEUE_TIMEOUT: 503,
  ERR_SERVER_UNAVAILABLE: 503,
  ERR_CLOSED: 503,
  ABORT_ERR: 503,
  ERR_CALL_TIMEOUT: 504,
}

const tools = express.Router()

tools.post('/:server/:tool', onlyJson, express.json({ limit: '1mb' }), async (req, res) => {
  const gone = new AbortController()
  // Nobody waits for the answer any more: free the slot. After the answer this does nothing.
  res.on('close', () => gone.abort())
  const { server, tool } = req.params
  res.json({ result: await callToolAsync(server, tool, req.body, { signal: gone.signal }) })
})

tools.use((error, _req, res, next) => {
  if (res.destroyed) return
  if (res.headersSent) return next(error)
  const status = STATUS[error.code] ?? error.status ?? 500
  if (status === 500) {
    console.error(error)
    return sendError(
      res,
      500,
      'ERR_INTERNAL',
      'The call could not be made; the server’s log says why',
    )
  }
  if (status === 503) res.set('Retry-After', '5')
  sendError(res, status, error.code ?? 'ERR_BAD_REQUEST', error.message)
})

/**
 * A form or a script of another site can't send this content type without asking first, so it can't
 * call tools.
 */
function onlyJson(req, res, next) {
  if (req.is('application/json')) return next()
  sendError(res, 415, 'ERR_CONTENT_TYPE', 'Send the arguments as Content-Type: application/json')
}

function sendError(res, status, code, message) {
  res.status(status).json({ error: { code, message } })
}

module.exports = tools
