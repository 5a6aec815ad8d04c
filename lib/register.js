'use strict'

// Guards every child process of this program: `node --require procward/register server.js`.

require('./child-process/hook').guardAll()
