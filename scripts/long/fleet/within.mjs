/**
 * Does work with something to clean up after it.
 * @template T
 * @param {(t: { after(work: () => unknown): void }) => Promise<T>} work
 */
export async function within(work) {
  /** @type {(() => unknown)[]} */
  const cleanups = []
  try {
    return await work({ after: (cleanup) => cleanups.push(cleanup) })
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup()
  }
}
