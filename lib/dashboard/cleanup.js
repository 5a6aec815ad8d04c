// The settings and the results of the cleanup.

import { showFacts } from './facts.js'
import { clock, count, counted, duration, latency, NONE } from './format.js'

export class Cleanup {
  #place

  /** @param {(id: string) => HTMLElement} place */
  constructor(place) {
    this.#place = place('cleanup')
  }

  /** @param {any} snapshot */
  show({ time: now, health: { cleanup } }) {
    const { isRunning, interval, maxAge, scope, stats, lastScan } = cleanup
    showFacts(this.#place, [
      ['Scanner', isRunning ? `every ${duration(interval)}` : 'not running'],
      ['Scope', `${scope}, older than ${duration(maxAge)}`],
      [
        'Last scan',
        lastScan ? `${clock(lastScan.time)}, ${duration(now - lastScan.time)} ago` : 'none yet',
      ],
      [
        'It judged',
        lastScan
          ? `${counted(lastScan.scanned, 'process', 'processes')} in ${latency(lastScan.duration / 1000)}`
          : NONE,
      ],
      [
        lastScan?.dryRun ? 'It would end' : 'It ended',
        lastScan ? `${count(lastScan.killed)}, spared ${count(lastScan.skipped)}` : NONE,
      ],
      [
        'Since the start',
        `${counted(stats.scans, 'scan')}, ${count(stats.killed)} ended, ${counted(stats.errors, 'error')}`,
      ],
    ])
  }
}
