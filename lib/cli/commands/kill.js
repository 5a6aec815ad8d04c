'use strict'

const { EXIT } = require('../failure')
const { endTree, isServer } = require('../processes')
const { counted } = require('../text')

/** The words for the codes of refusals. @type {Record<string, (pid: number) => string>} */
const REFUSALS = {
  ERR_NO_SUCH_PROCESS: (pid) => `there is no process ${pid}`,
  ERR_NOT_OURS: (pid) =>
    `process ${pid} belongs to no tree that was started through procward; nothing was ended`,
  ERR_OWN_TREE: (pid) =>
    `this command belongs to the same tree as process ${pid}; nothing was ended`,
  ERR_PROCESS_LIST: () => 'the processes of this machine cannot be listed; nothing was ended',
}

/** @param {string} refusal @param {number} pid */
async function messageOf(refusal, pid) {
  if (refusal === 'ERR_NOT_OURS' && (await isServer(pid))) {
    return (
      `process ${pid} is a server that uses procward, and belongs to no tree of one; nothing was ` +
      `ended. End it as any other process: every tree that it started ends with it`
    )
  }
  return REFUSALS[refusal]?.(pid) ?? 'nothing was ended'
}

/** @type {import('../main').Run} */
async function run({ pid, grace }, output) {
  const { refusal, owner = null, ended, errors } = await endTree(pid, grace)
  const refused =
    refusal === undefined ? [] : [{ pid, code: refusal, message: await messageOf(refusal, pid) }]
  const problems = [...refused, ...errors.map((error) => ({ ...error, code: 'ERR_STILL_RUNNING' }))]
  output.document('kill', { pid, owner, ended, errors: problems })
  if (refusal === undefined) {
    const count = counted(ended.length, 'process', 'processes')
    output.lines([`${count} of the tree of ${pid} ended, started by server ${owner}`])
  }
  for (const { message, code } of problems) output.error(`${message} (${code})`)
  return problems.length === 0 ? EXIT.ok : EXIT.problem
}

module.exports = { run }
