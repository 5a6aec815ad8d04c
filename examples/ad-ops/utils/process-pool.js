'use strict'

module.exports = require('procward').ProcessPool
