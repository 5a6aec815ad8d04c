'use strict'

const { processes } = require('systeminformation')
const { below, MCPORTER } = require('./tree')

// Only Node.js processes: the list is read by a `ps` or a PowerShell, which are nobody's leftovers.
async function descendants(root) {
  const { list } = await processes()
  return below(root, list.map(describe)).filter(({ isNode }) => isNode)
}

async function isAlive({ pid, started }) {
  const { list } = await processes()
  return list.some((entry) => entry.pid === pid && entry.started === started && entry.state !== 'zombie')
}

function describe({ pid, parentPid, started, name, command, params, memRss }) {
  const isNode = /^node(\.exe)?$/i.test(name)
  return {
    pid,
    parent: parentPid,
    started,
    isNode,
    isMcporter: isNode && MCPORTER.test(`${command} ${params}`),
    memory: () => memRss * 1024,
  }
}

module.exports = { descendants, interval: 1000, isAlive, memoryUnit: 'RSS' }
