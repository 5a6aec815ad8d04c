// CPU time of one work over another's: noise only ever adds, so the least of many rounds is what each takes.

/** Rounds that are always run, and those that may follow until it is little enough. */
const [FEW, MANY] = [6, 30]

/** @param {() => Promise<unknown>} work @param {() => Promise<unknown>} other @param {number} most */
export async function leastRatio(work, other, most) {
  const least = [Infinity, Infinity]
  for (let round = 0; round < MANY; round++) {
    for (const [which, each] of [work, other].entries()) least[which] = Math.min(least[which], await cpu(each))
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
