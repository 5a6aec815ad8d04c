'use strict'

/**
 * @typedef {{
 *   pid: number,
 *   parent: number,
 *   started: string,
 *   isNode: boolean,
 *   isMcporter: boolean,
 *   isServer: boolean,
 *   cpu: number,
 *   memory: () => { shared: number, resident: number },
 * }} Process `started` tells it from another process with its pid. `cpu` is what it and its ended
 * children have used, in ms. `memory` is in bytes, 0 once it is gone: its share of what it shares
 * with others (PSS), and all that it sees (RSS).
 *
 * @type {{ interval: number, descendants: (root: number) => Promise<Process[]>, endedCpu: (pid:
 *   number) => number, isAlive: (process: Process) => Promise<boolean> }}
 */
module.exports = process.platform === 'linux' ? require('./linux') : require('./portable')
