// Starts process trees, prints the pids of their members, and then ends as the argument says.
import { spawn } from 'procward'

const TREES = [
  'echo $$; sleep 1000 & echo $!; wait',
  'echo $$; (setsid sh -c "echo \\$\\$; exec sleep 1000" &) ; exec sleep 1000',
  'trap "" TERM HUP INT; echo $$; while :; do sleep 1; done',
]
/** Spares the trees from any scanner on this machine: only their wardens end them. */
const env = { PROCWARD_KEEP: '1' }
/** How many lines the trees write. */
const MEMBERS = 5

const [end] = process.argv.slice(2)
const pids = []
for (const script of TREES)
  spawn('sh', ['-c', script], { env, killGrace: 60_000 }).on('line', (pid) => {
    pids.push(Number(pid))
    if (pids.length < MEMBERS) return
    console.log(JSON.stringify(pids))
    if (end === 'exit') process.exit(0)
    if (end === 'throw') throw new Error('on purpose')
  })
