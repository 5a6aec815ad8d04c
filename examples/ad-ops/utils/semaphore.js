'use strict'

module.exports = require('procward').Semaphore
