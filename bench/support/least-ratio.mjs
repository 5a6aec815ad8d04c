// CPU time of one work over another's: noise only ever adds, so the least of many rounds is what
// each takes.

/**
 * Rounds that are run at least, and those that may follow until it is little enough, for so many
 * ms.
 */
const [FEW, MANY, LONG] = [6, 30, 10_000]

/**
 * @param {() => Promise<unknown>} work
 * @param {() => Promise<unknown>} other
 * @param {number} most
 */
export async function leastRatio(work, other, most) {
  const least = [Infinity, Infinity]
  const end = performance.now() + LONG
  for (let round = 0; round < MANY && (round < 2 || performance.now() < end); round++) {
    for (const [which, each] of [work, other].entries())
      least[which] = Math.min(least[which], await cpu(each))
    if (round >= FEW && least[0] / least[1] <= most) break
  }
  return least[0] / least[1]
}

/** @param {() => Promise<unknown>} work */
async function cpu(work) {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}
