'use strict'

// Loads the addon. The generated loader's error speaks of npm bugs; this error says what to do.

const { codedError } = require('./errors')

/** @returns {typeof import('../binding')} */
function load() {
  try {
    return require('../binding')
  } catch (cause) {
    throw codedError(
      'ERR_NATIVE_ADDON',
      `procward's native addon for ${process.platform}-${process.arch} could not be loaded by Node.js ${process.version}. ` +
        'Reinstall without --no-optional / --omit=optional; in a checkout of procward run `npm run build` (needs Rust); ' +
        'or point NAPI_RS_NATIVE_LIBRARY_PATH at a built procward.*.node file.',
      { cause },
    )
  }
}

module.exports = load()
