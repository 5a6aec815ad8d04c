const { Semaphore } = require('./lib/semaphore')

module.exports = { Semaphore }
