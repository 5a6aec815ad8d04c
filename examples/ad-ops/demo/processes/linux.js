'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { below, MCPORTER, SERVER } = require('./tree')

/** A tick of the kernel's process times, in ms. */
const TICK = 10

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
  const [own, ofChildren] = [fields.slice(11, 13), fields.slice(13, 15)].map(milliseconds)
  return { pid, parent: Number(parent), started: fields[19], own, ofChildren }
}

/** What the children of a process have used that have ended. */
function endedCpu(pid) {
  return identify(pid)?.ofChildren ?? 0
}

function milliseconds(ticks) {
  return ticks.reduce((sum, count) => sum + Number(count) * TICK, 0)
}

function describe({ pid, parent, started, own, ofChildren }) {
  const isNode = executable(pid) === 'node'
  const command = isNode ? read(pid, 'cmdline') : ''
  return {
    pid,
    parent,
    started,
    isNode,
    isMcporter: MCPORTER.test(command),
    isServer: SERVER.test(command) && !MCPORTER.test(command),
    cpu: own + ofChildren,
    memory: () => memoryOf(pid),
  }
}

function executable(pid) {
  try {
    return path.basename(fs.readlinkSync(`/proc/${pid}/exe`))
  } catch {
    return ''
  }
}

function memoryOf(pid) {
  const rollup = read(pid, 'smaps_rollup')
  const bytes = (name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1] ?? 0) * 1024
  return { shared: bytes('Pss'), resident: bytes('Rss') }
}

function read(pid, file) {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}

module.exports = { descendants, endedCpu, interval: 100, isAlive }
