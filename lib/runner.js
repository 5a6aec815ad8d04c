module.exports = require('./process/runner')
