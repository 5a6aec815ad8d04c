'use strict'

const { processes } = require('systeminformation')
const { below, MCPORTER, SERVER } = require('./tree')

// Only Node.js processes: the list is read by a `ps` or a PowerShell, which are nobody's leftovers.
async function descendants(root) {
  const { list } = await processes()
  return below(root, list.map(describe)).filter(({ isNode }) => isNode)
}

async function isAlive({ pid, started }) {
  const { list } = await processes()
  return list.some(
    (entry) => entry.pid === pid && entry.started === started && entry.state !== 'zombie',
  )
}

function describe({ pid, parentPid, started, name, command, params, memRss }) {
  const isNode = /^node(\.exe)?$/i.test(name)
  const line = isNode ? `${command} ${params}` : ''
  return {
    pid,
    parent: parentPid,
    started,
    isNode,
    isMcporter: MCPORTER.test(line),
    isServer: SERVER.test(line) && !MCPORTER.test(line),
    // The list has no times.
    cpu: Number.NaN,
    memory: () => ({ shared: Number.NaN, resident: memRss * 1024 }),
  }
}

module.exports = { descendants, endedCpu: () => Number.NaN, interval: 1000, isAlive }
