// A file system of a table, on any platform.

/**
 * @param {Record<string, unknown>} files - text, or what is written as JSON
 * @returns {import('../../lib/mcporter/config/files.js').Files & { table: Record<string, unknown>,
 *   asked: string[] }}
 */
export function memoryFiles(files) {
  const table = { ...files }
  /** @type {string[]} */
  const asked = []
  const text = (path) =>
    typeof table[path] === 'string' ? table[path] : JSON.stringify(table[path])
  return {
    table,
    asked,
    async read(path) {
      asked.push(path)
      if (table[path] instanceof Error) throw table[path]
      return path in table ? text(path) : undefined
    },
    isFile: async (path) => path in table,
    mark: async (path) => (path in table ? `there: ${text(path)}` : 'ENOENT'),
  }
}
