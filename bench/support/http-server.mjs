// A server over HTTP that runs while it is measured.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/**
 * Starts a program and waits until it prints its address.
 * @param {{ command: string, args: string[], env?: NodeJS.ProcessEnv }} program
 * @param {(line: string) => string | undefined} addressIn
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function httpServer({ command, args, env = process.env }, addressIn) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'], env })
  const exited = once(child, 'exit')
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const url = await new Promise((resolve, reject) => {
    // The other lines are read too, because a full pipe would stop the server.
    createInterface({ input: child.stdout }).on('line', (line) => {
      const address = addressIn(line)
      if (address !== undefined) resolve(address)
    })
    exited.then(() => reject(new Error(`${command} exited before it listened`)), reject)
  })
  return {
    url,
    async stop() {
      process.off('exit', kill)
      kill()
      await exited
    },
  }
}
