// How long one package takes to load, and what it adds to this process's memory; asynchronous, in
// case it is an ES module.

// What a server of any kind has loaded already.
require('node:child_process')
require('node:crypto')
require('node:http')
const { readdirSync, readFileSync } = require('node:fs')
const { normalize } = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')

const [way, name] = process.argv.slice(2)

/**
 * Resident memory, and the part of it that is not mapped from files, which is this process's alone.
 */
function memory() {
  const status = process.platform === 'linux' ? readFileSync('/proc/self/status', 'latin1') : ''
  const anonymous = Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024
  return { resident: process.memoryUsage.rss(), anonymous }
}

/**
 * V8's optimising compiler, 4 MB of Node.js's own file, is loaded once something is hot: in a
 * server it is there from its first moments, here it would count for whoever loads the file that
 * makes the module loader hot.
 */
function heatUp() {
  for (let at = 0; at < 100_000; at++) normalize(`/some/where/../file-${at}`)
}

async function settled() {
  for (let time = 0; time < 3; time++) {
    globalThis.gc()
    await sleep(50)
  }
  return memory()
}

const threads = () =>
  process.platform === 'linux' ? readdirSync('/proc/self/task').length : Number.NaN

async function main() {
  heatUp()
  const before = await settled()
  const threadsBefore = threads()
  const start = performance.now()
  if (way === 'require') require(name)
  else if (way === 'import') await import(name)
  const took = performance.now() - start
  const after = await settled()
  console.log(
    JSON.stringify({
      took,
      resident: after.resident - before.resident,
      anonymous: after.anonymous - before.anonymous,
      threads: threads() - threadsBefore,
    }),
  )
}

main()
