'use strict'

/**
 * @typedef {{
 *   pid: number,
 *   parent: number,
 *   started: string,
 *   isNode: boolean,
 *   isMcporter: boolean,
 *   memory: () => number,
 * }} Process `started` tells it from another process with its pid; `memory` is in bytes, 0 once it is gone.
 *
 * @type {{ interval: number, memoryUnit: string, descendants: (root: number) => Promise<Process[]>, isAlive: (process: Process) => Promise<boolean> }}
 */
module.exports = process.platform === 'linux' ? require('./linux') : require('./portable')
