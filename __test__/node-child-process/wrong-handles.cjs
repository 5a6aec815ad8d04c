'use strict'

// Arguments of `send` that are refused, with the code of the error.

const TYPE = 'ERR_INVALID_ARG_TYPE'

module.exports = [
  [['message', null, null], TYPE],
  [['message', null, ''], TYPE],
  [['message', null, 'foo'], TYPE],
  [['message', null, 0], TYPE],
  [['message', null, 1], TYPE],
  [['message', null, Number.NaN], TYPE],
  [['message', null, null, () => {}], TYPE],
  [['message', 'no handle', undefined], 'ERR_INVALID_HANDLE_TYPE'],
]
