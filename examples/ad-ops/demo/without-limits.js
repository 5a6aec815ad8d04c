'use strict'

// The seed's old way: a mcporter process for every call, as soon as it is asked for.

const { execFile, spawn } = require('node:child_process')
const { once, setMaxListeners } = require('node:events')
const path = require('node:path')
const { text } = require('node:stream/consumers')

const CONFIG = path.join(__dirname, '../config/mcporter.json')
const MCPORTER = path.join(__dirname, '../../../node_modules/mcporter/dist/cli.js')

/** @param {string} dataFolder @param {AbortSignal} signal ends what still runs */
function withoutLimits(dataFolder, signal) {
  const env = { ...process.env, AD_OPS_DATA: dataFolder }
  setMaxListeners(0, signal)

  /** @param {import('./tools').Call} call */
  return async function callTool({ server, tool, args }) {
    const argv = [
      '--config',
      CONFIG,
      'call',
      `${server}.${tool}`,
      '--args',
      JSON.stringify(args),
      '--output',
      'json',
    ]
    const child = spawn(process.execPath, [MCPORTER, ...argv], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
      windowsHide: true,
      // In a process group of its own, because mcporter's servers outlive a mcporter that is merely
      // killed.
      detached: process.platform !== 'win32',
    })
    const stop = () => killTree(child)
    signal.addEventListener('abort', stop)
    try {
      const [stdout] = await Promise.all([text(child.stdout), once(child, 'exit')])
      return resultOf(stdout)
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }
}

/** mcporter 0.9 exits with 0 even when the call failed, and says so in what it prints. */
function resultOf(stdout) {
  const result = JSON.parse(stdout)
  if (result.isError) throw new Error(result.content?.[0]?.text ?? 'the tool failed')
  if (result.issue) throw new Error(result.error)
  return result
}

/** @param {import('node:child_process').ChildProcess} child */
function killTree({ pid }) {
  if (pid === undefined) return
  if (process.platform === 'win32')
    return execFile('taskkill', ['/PID', String(pid), '/T', '/F'], () => {})
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

module.exports = { withoutLimits }
