'use strict'

const fs = require('node:fs/promises')

/**
 * Returns the names of users by id, as far as this machine's own list has them. A network's users
 * and those of Windows are shown by id.
 * @returns {Promise<Map<string, string>>}
 */
async function userNames() {
  const text = await fs.readFile('/etc/passwd', 'utf8').catch(() => '')
  const entries = text.split('\n').map((line) => line.split(':'))
  // The first of several names is the one that other programs show.
  return new Map(entries.map(([name, , id]) => /** @type {const} */ ([id ?? '', name])).reverse())
}

module.exports = { userNames }
