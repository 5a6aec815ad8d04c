// Where and when figures were measured.

import os from 'node:os'

/** One line, with the load as it is now. */
export function machine() {
  const cpus = os.cpus()
  const load = os.loadavg().map((value) => value.toFixed(1))
  const what = `${cpus.length} x ${cpus[0].model.trim()}, ${os.type()} ${os.release()}, Node.js ${process.version}`
  return `${what}. Load average at the end: ${load.join(', ')}.`
}
