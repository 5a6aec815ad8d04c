'use strict'

module.exports = require('procward').cleanup
