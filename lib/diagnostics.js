'use strict'

// The channels for `node:diagnostics_channel`. No message has a command line, an environment, a
// path, or the arguments or the answer of a tool.

const { channel } = require('node:diagnostics_channel')

const channels = {
  callStart: channel('procward:call:start'),
  callEnd: channel('procward:call:end'),
  queueEnter: channel('procward:queue:enter'),
  queueLeave: channel('procward:queue:leave'),
  spawn: channel('procward:spawn'),
  exit: channel('procward:exit'),
  kill: channel('procward:kill'),
  limit: channel('procward:limit'),
  unguarded: channel('procward:unguarded'),
}

module.exports = { channels }
