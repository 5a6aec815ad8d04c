'use strict'

const { healthRouter } = require('procward/health')

module.exports = healthRouter({ helper: require('../scripts/mcp-helper') })
