import { spawn } from '../../index.js'
import { until } from './until.mjs'

/** Starts a command that runs until it is ended. Returns the function that ends it. */
export async function longRunning() {
  const child = spawn('cat', [], { reject: false })
  await until(() => child.pid !== null)
  return async () => {
    await child.end()
    await child.exited
  }
}
