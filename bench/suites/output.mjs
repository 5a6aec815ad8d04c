// 100 MB of output, as a stream and as a text, beside Node.js's own `child_process`.

import { program } from '../support/program.mjs'
import { versionIn } from '../support/report.mjs'
import { Samples } from '../support/samples.mjs'
import { atLeast, atMost } from '../support/targets.mjs'

const BYTES = 100_000_000
const STREAM = 'through `stdout`'
const TEXT = 'as a text'
const GAP_OF_STREAM = `longest gap, ${STREAM}`
const GAP_OF_TEXT = `longest gap, ${TEXT}`

/** @param {{ rounds: number }} options */
export async function suite({ rounds }) {
  const output = Samples.from(await program('output', { rounds, bytes: BYTES }))
  const ratio = (what) => output.ratio(what, 'procward', 'child_process')
  const throughput = (what) => output.ratio(what, 'child_process', 'procward')
  return {
    title: 'output',
    notes: [
      `\`head -c ${BYTES} /dev/zero\`; the CPU is that of all threads and of the processes that were started.`,
      'Through `stdout`: a listener of `data` counts the bytes. As a text: `run()`, and `text(child.stdout)` of `node:stream/consumers`, which is quicker than `execFile`.',
      'The limit is the same command into `cat > /dev/null`, by a shell.',
      'The gap is the longest time that the event loop was held up.',
      "Larger pipes for `stdout` were tried on a busy machine, and not kept. Five runs had 0.84x to 1.14x of child_process's throughput with 128 or 256 KiB, and 0.84x to 1.09x with the usual 64. The longest turn of the loop took 4.3 and 4.5 ms of CPU, and 4.0 to 4.3 with 64.",
    ],
    versions: { procward: versionIn(new URL('../../', import.meta.url)) },
    figures: [
      output.figure(STREAM, 'ms'),
      output.figure(`CPU, ${STREAM}`, 'ms'),
      output.figure(GAP_OF_STREAM, 'ms'),
      output.figure(TEXT, 'ms'),
      output.figure(`CPU, ${TEXT}`, 'ms'),
      output.figure(GAP_OF_TEXT, 'ms'),
    ],
    ratios: [
      atLeast("throughput of `stdout`, of child_process's", throughput(STREAM), 1),
      atMost("longest gap of `stdout`, of child_process's", ratio(GAP_OF_STREAM), 1),
      atLeast("throughput of `run()`, of child_process's", throughput(TEXT), 1),
      atMost("longest gap of `run()`, of child_process's", ratio(GAP_OF_TEXT), 1),
    ],
  }
}
