'use strict'

const path = require('node:path')
const { createMcpHelper } = require('procward/mcp-helper')

module.exports = createMcpHelper({ configPath: path.join(__dirname, '../config/mcporter.json') })
