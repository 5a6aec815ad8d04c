'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { below, MCPORTER } = require('./tree')

async function descendants(root) {
  const all = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return below(root, all.map(Number).map(identify).filter(Boolean)).map(describe)
}

async function isAlive({ pid, started }) {
  return identify(pid)?.started === started
}

/** `undefined` for a process that is gone, or that only waits for its parent to notice its end. */
function identify(pid) {
  const stat = read(pid, 'stat')
  // The name, in parentheses, may hold anything, so the fields are counted from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, parent] = fields
  if (stat === '' || state === 'Z' || state === 'X') return undefined
  return { pid, parent: Number(parent), started: fields[19] }
}

function describe({ pid, parent, started }) {
  const isNode = executable(pid) === 'node'
  return {
    pid,
    parent,
    started,
    isNode,
    isMcporter: isNode && MCPORTER.test(read(pid, 'cmdline')),
    memory: () => proportionalSetSize(pid),
  }
}

function executable(pid) {
  try {
    return path.basename(fs.readlinkSync(`/proc/${pid}/exe`))
  } catch {
    return ''
  }
}

function proportionalSetSize(pid) {
  const [, kibibytes = '0'] = /^Pss:\s+(\d+) kB$/m.exec(read(pid, 'smaps_rollup')) ?? []
  return Number(kibibytes) * 1024
}

function read(pid, file) {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}

module.exports = { descendants, interval: 100, isAlive, memoryUnit: 'PSS' }
