'use strict'

/** The subjects that an owner has warned of. @type {WeakMap<object, Set<string>>} */
const warned = new WeakMap()

/**
 * Emits a warning of the process, once for each owner and subject.
 * @param {object} owner
 * @param {string} subject
 * @param {string} code
 * @param {string} message
 */
function warnOnce(owner, subject, code, message) {
  const subjects = warned.get(owner) ?? new Set()
  warned.set(owner, subjects)
  if (subjects.has(subject)) return
  subjects.add(subject)
  process.emitWarning(message, { code })
}

module.exports = { warnOnce }
