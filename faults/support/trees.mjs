// The process trees that servers of this suite start. They never end by themselves.

const FOREVER = 'sleep 100000'
/** sh -> sh -> sleep. */
const CHAIN = `sh -c '${FOREVER} & wait' &`
const IGNORES_SIGTERM = `(trap "" TERM; exec ${FOREVER}) &`
/**
 * A session of its own by a double fork: neither its group nor its parent shows where it came from.
 */
const DAEMON = `(setsid ${FOREVER} &) ;`
/** The same without the tag in its environment. */
const NAMELESS_DAEMON = `(env -i setsid ${FOREVER} &) ;`

const LEAF = 'console.log("up"); setInterval(() => {}, 1e6)'
const BRANCH = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(LEAF)}], { stdio: 'inherit' }); ${LEAF}`

/**
 * @typedef {{ command: string, args: string[], size: number, lines?: number }} Tree
 *   What to run, and how many processes that makes.
 */

/** @satisfies {Record<string, Tree>} */
export const trees = {
  chain: shell(`${CHAIN} wait`, 3),
  /** Nothing of it can be found by parent and group alone. */
  tagged: shell(`${CHAIN} ${IGNORES_SIGTERM} ${DAEMON} wait`, 5),
  hostile: shell(`${CHAIN} ${IGNORES_SIGTERM} ${DAEMON} ${NAMELESS_DAEMON} wait`, 6),
  /** sh -> node -> node, both of which say when they are up. */
  node: { ...shell('"$1" -e "$2" & wait', 3, process.execPath, BRANCH), lines: 2 },
  /** A shell with many children, which makes them for as long as it takes. */
  bomb: shell(`i=0; while [ $i -lt 100 ]; do ${FOREVER} & i=$((i + 1)); done; wait`, 101),
  /** It answers SIGTERM with more processes. */
  hydra: shell(`trap '${FOREVER} & ${FOREVER} &' TERM; ${CHAIN} while :; do wait; done`, 3),
  /** It exits at once and leaves processes behind. */
  deserter: shell(`${IGNORES_SIGTERM} ${DAEMON} ${NAMELESS_DAEMON} exit 0`, 3),
}

/** @param {string} script @param {number} size @param {string[]} args */
export function shell(script, size = 1, ...args) {
  return { command: 'sh', args: ['-c', script, 'sh', ...args], size }
}
