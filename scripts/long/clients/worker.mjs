// One client of one kind: makes the calls that a server's fixture asks for, and tells whether the
// answers are right.

import { setTimeout as sleep } from 'node:timers/promises'
import { callsOf, isRight, isRightList, oddServers } from '../../../__test__/fixtures/odd/index.mjs'

const [kind, ...args] = process.argv.slice(2)
/**
 * @type {{ open: (job: any, ...args: string[]) => Promise<{ call: (args: object) =>
 *   Promise<unknown>, list: () => Promise<string[]>, by?: () => string | undefined, close: () =>
 *   Promise<unknown> }> }}
 */
const { open } = await import(`./kinds/${kind}.mjs`)

// A client that rejects behind its caller's back has not failed the call.
process.on('unhandledRejection', (error) => console.error('unhandled', error))
process.on('uncaughtException', (error) => console.error('uncaught', error))
process.on('disconnect', () => process.exit(0))
process.on('message', async (/** @type {any} */ job) => {
  console.error(`\n> ${job.name}`)
  const cell = await tried(job).catch((error) => {
    console.error(error)
    return { completes: false, code: codeOf(error), message: String(error?.message).split('\n')[0] }
  })
  process.send?.(cell)
})

class Wrong extends Error {
  code = 'another answer'
}

/** @param {any} job */
async function tried(job) {
  const { list, together, attempts = 1, pause = 0 } = oddServers[job.name]
  let client = await open(job, ...args)
  try {
    if (list) await listed(job, client)
    else if (together) await Promise.all(callsOf(job.name).map((args) => called(args)))
    else {
      for (const args of callsOf(job.name)) {
        await called(args)
        await sleep(pause)
      }
    }
    return { completes: true, by: client.by?.() }
  } finally {
    await client.close()
  }

  /** Makes a call, with a new client when it fails and may be tried again. @param {object} args */
  async function called(args, left = attempts) {
    try {
      const value = await client.call(args)
      if (!isRight(job.name, value, args)) throw new Wrong(JSON.stringify(value)?.slice(0, 300))
    } catch (error) {
      if (left === 1) throw error
      console.error('tries again after', error)
      if (kind.startsWith('sdk')) {
        await client.close()
        client = await open(job, ...process.argv.slice(3))
      }
      await called(args, left - 1)
    }
  }
}

/** @param {any} job @param {{ list: () => Promise<string[]> }} client */
async function listed({ name }, client) {
  const names = await client.list()
  if (!isRightList(name, names)) throw new Wrong(JSON.stringify(names).slice(0, 300))
}

/** @param {any} error */
function codeOf(error) {
  const code = error?.code ?? error?.cause?.code ?? error?.name
  return String(code ?? error)
    .split('\n')[0]
    .slice(0, 40)
}
